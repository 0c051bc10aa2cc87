package io.understudy.machine.virtio;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.understudy.machine.virtio.VirtioTestDriver.Buffer;
import io.understudy.machine.virtio.VirtioTestDriver.Used;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class VirtioConsoleTest {

  private final VirtioTestMachine machine = new VirtioTestMachine();
  private final VirtioConsole console = machine.console;
  private final VirtioTestDriver driver = machine.driver(VirtioTestMachine.CONSOLE_SLOT);

  private static byte[] bytes(String text) {
    return text.getBytes(US_ASCII);
  }

  private String text(Buffer buffer, int length) {
    return new String(driver.content(buffer), 0, length, US_ASCII);
  }

  @Test
  void describesItself() {
    driver.start();

    assertThat(driver.readConfig(0, 4)).isEqualTo(0x1003_1AF4);
    assertThat(driver.readConfig(0x2C, 4)).isEqualTo(0x0003_1AF4);
    assertThat(driver.in(VirtioTestDriver.FEATURES, 4)).isZero();
    assertThat(driver.readDeviceConfig(0, 8)).isZero();
  }

  @Test
  void printsWhatTheGuestSends() {
    driver.start();

    driver.queue(1).request(List.of(driver.reads(bytes("Hello, ")), driver.reads(bytes("you\n"))));
    byte[] much = new byte[10_000];
    Arrays.fill(much, (byte) '.');
    driver.queue(1).request(List.of(driver.reads(much)));

    assertThat(machine.printed.toString(US_ASCII))
        .isEqualTo("Hello, you\n" + new String(much, US_ASCII));
    assertThat(console.transmittedBytes()).isEqualTo(10_011);
    assertThat(machine.isRequested(driver.irq())).isTrue();
  }

  @Test
  void fillsABufferThatWaits() {
    driver.start();
    Buffer buffer = driver.writes(16);
    int head = driver.queue(0).offer(List.of(buffer));
    driver.queue(0).kick();
    assertThat(machine.isRequested(driver.irq())).isFalse();

    console.receive(bytes("ls\n"));

    assertThat(driver.queue(0).takeUsed()).containsExactly(new Used(head, 3));
    assertThat(text(buffer, 3)).isEqualTo("ls\n");
    assertThat(machine.isRequested(driver.irq())).isTrue();
    assertThat(console.receivedBytes()).isEqualTo(3);
    assertThat(console.receiveRoom()).isEqualTo(65_536);
  }

  @Test
  void holdsWhatComesBeforeThereAreBuffers() {
    console.receive(bytes("before the driver, "));
    driver.start();
    console.receive(bytes("before the buffers"));
    assertThat(console.receiveRoom()).isEqualTo(65_536 - 37);

    Buffer first = driver.writes(10);
    Buffer second = driver.writes(100);
    driver.queue(0).offer(VirtioTestDriver.split(first, 3));
    driver.queue(0).offer(List.of(second));
    driver.queue(0).kick();

    assertThat(text(first, 10) + text(second, 27))
        .isEqualTo("before the driver, before the buffers");
    assertThat(driver.queue(0).takeUsed()).extracting(Used::length).containsExactly(10, 27);
    assertThat(console.receiveRoom()).isEqualTo(65_536);
  }

  @Test
  void waitsForTheDriverToBeReady_withBuffersThere() {
    driver.start();
    driver.out(VirtioTestDriver.STATUS, 1, VirtioTestDriver.DRIVER);
    Buffer buffer = driver.writes(10);
    driver.queue(0).offer(List.of(buffer));
    driver.queue(0).kick();
    console.receive(bytes("x"));
    assertThat(driver.queue(0).takeUsed()).isEmpty();

    driver.out(VirtioTestDriver.STATUS, 1, VirtioTestDriver.DRIVER | VirtioTestDriver.DRIVER_OK);

    assertThat(driver.queue(0).takeUsed()).hasSize(1);
    assertThat(text(buffer, 1)).isEqualTo("x");
    assertThat(machine.isRequested(driver.irq())).isTrue();
  }

  @Test
  void losesNothing_whenReset() {
    console.receive(bytes("kept"));
    driver.start();
    driver.start();
    Buffer buffer = driver.writes(10);
    driver.queue(0).offer(List.of(buffer));
    driver.queue(0).kick();

    assertThat(text(buffer, 4)).isEqualTo("kept");
  }

  @Test
  void refusesMoreThanItsRoom_allOrNothing() {
    console.receive(new byte[65_530]);

    assertThatThrownBy(() -> console.receive(new byte[7]))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("bytes=7 receiveRoom=6 receivedBytes=65530");
    assertThat(console.receivedBytes()).isEqualTo(65_530);
    console.receive(new byte[6]);
    assertThat(console.receiveRoom()).isZero();
  }
}
