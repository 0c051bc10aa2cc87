package io.understudy.machine.virtio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.understudy.machine.virtio.VirtioTestDriver.Buffer;
import io.understudy.machine.virtio.VirtioTestDriver.Used;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VirtioNetTest {

  private static final int HEADER = 10;

  private final VirtioTestMachine machine = new VirtioTestMachine();
  private final VirtioNet net = machine.net;
  private final VirtioTestDriver driver = machine.driver(VirtioTestMachine.NET_SLOT);

  private VirtioTestDriver.Queue receiveQueue() {
    return driver.queue(0);
  }

  private VirtioTestDriver.Queue transmitQueue() {
    return driver.queue(1);
  }

  private static byte[] frame(int length) {
    return VirtioTestMachine.pattern(length);
  }

  private static byte[] withHeader(byte[] frame) {
    byte[] both = new byte[HEADER + frame.length];
    System.arraycopy(frame, 0, both, HEADER, frame.length);
    return both;
  }

  @Test
  void describesItself() {
    driver.start();
    assertThat(driver.readConfig(0, 4)).isEqualTo(0x1000_1AF4);
    assertThat(driver.readConfig(0x2C, 4)).isEqualTo(0x0001_1AF4);
    assertThat(driver.readConfig(0x08, 4)).isEqualTo(0x0200_0000);
    assertThat(driver.in(VirtioTestDriver.FEATURES, 4)).isEqualTo(0x0801_0020);
    assertThat(driver.readDeviceConfig(0, 6)).isEqualTo(0x5544_3322_1102L);
    assertThat(driver.readDeviceConfig(6, 2)).as("link up").isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {14, 60, 1514})
  void sendsAFrame_withItsHeaderApart(int length) {
    driver.start();

    Used used =
        transmitQueue()
            .request(List.of(driver.reads(new byte[HEADER]), driver.reads(frame(length))));

    assertThat(used.length()).isZero();
    assertThat(machine.frames).containsExactly(frame(length));
    assertThat(net.framesOut()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 10, 33, 2000})
  void sendsAFrame_inAnyFraming(int pieceBytes) {
    driver.start();
    Buffer buffer = driver.reads(withHeader(frame(64)));

    transmitQueue().request(VirtioTestDriver.split(buffer, pieceBytes));

    assertThat(machine.frames).containsExactly(frame(64));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 13, 1515, 20_000})
  void refusesToSend_whatIsNoFrame(int length) {
    driver.start();

    transmitQueue().request(List.of(driver.reads(withHeader(frame(length)))));

    assertThat(machine.frames).isEmpty();
    assertThat(net.framesOut()).isZero();
    assertThat(net.framesRefused()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {14, 60, 1514})
  void receivesAFrame(int length) {
    driver.start();
    Buffer buffer = driver.writes(1524);
    int head = receiveQueue().offer(List.of(buffer));
    receiveQueue().kick();
    assertThat(net.hasReceiveBuffer()).isTrue();
    assertThat(machine.isRequested(driver.irq())).isFalse();

    net.receive(frame(length));

    assertThat(receiveQueue().takeUsed()).containsExactly(new Used(head, HEADER + length));
    assertThat(Arrays.copyOf(driver.content(buffer), HEADER + length))
        .isEqualTo(withHeader(frame(length)));
    assertThat(machine.isRequested(driver.irq())).isTrue();
    assertThat(net.framesIn()).isEqualTo(1);
    assertThat(net.hasReceiveBuffer()).isFalse();
  }

  @Test
  void receivesAFrame_withoutANotifyAndIntoSplitBuffers() {
    driver.start();
    Buffer buffer = driver.writes(1524);
    receiveQueue().offer(VirtioTestDriver.split(buffer, 10));

    net.receive(frame(1514));

    assertThat(driver.content(buffer)).isEqualTo(withHeader(frame(1514)));
  }

  @Test
  void dropsFrames_withoutDriverOrBuffer() {
    assertThat(net.hasReceiveBuffer()).isFalse();
    net.receive(frame(60));

    driver.start();
    assertThat(net.hasReceiveBuffer()).isFalse();
    net.receive(frame(60));

    assertThat(net.framesDropped()).isEqualTo(2);
    assertThat(net.framesIn()).isZero();
    assertThat(machine.isRequested(driver.irq())).isFalse();
  }

  @Test
  void dropsFrames_whenTheDriverIsNotReadyYet() {
    driver.start();
    receiveQueue().offer(List.of(driver.writes(1524)));
    driver.out(VirtioTestDriver.STATUS, 1, VirtioTestDriver.ACKNOWLEDGE);

    assertThat(net.hasReceiveBuffer()).isFalse();
    net.receive(frame(60));

    assertThat(net.framesDropped()).isEqualTo(1);
    assertThat(receiveQueue().takeUsed()).isEmpty();
  }

  @Test
  void givesABufferBackEmpty_whenItIsTooSmall() {
    driver.start();
    int head = receiveQueue().offer(List.of(driver.writes(HEADER + 59)));

    net.receive(frame(60));

    assertThat(receiveQueue().takeUsed()).containsExactly(new Used(head, 0));
    assertThat(net.framesDropped()).isEqualTo(1);
  }

  @Test
  void dropsTheFrame_whenTheBufferBreaksTheDevice() {
    driver.start();
    receiveQueue().offer(List.of(new Buffer(1L << 40, 1524, true)));

    net.receive(frame(60));

    assertThat(net.framesDropped()).isEqualTo(1);
    assertThat(machine.devices.functions().get(1).fault())
        .isEqualTo(VirtioFault.BUFFER_OUTSIDE_RAM);
    assertThat(net.hasReceiveBuffer()).isFalse();
  }

  @Test
  void letsTheDriverChangeTheAddress_untilTheReset() {
    driver.start();
    driver.out(VirtioTestDriver.CONFIG, 1, 0x06);
    driver.out(VirtioTestDriver.CONFIG + 5, 1, 0x99);
    driver.out(VirtioTestDriver.CONFIG + 6, 1, 0);

    assertThat(driver.readDeviceConfig(0, 6)).isEqualTo(0x9944_3322_1106L);
    assertThat(driver.readDeviceConfig(6, 2)).isEqualTo(1);

    driver.start();
    assertThat(driver.readDeviceConfig(0, 6)).isEqualTo(0x5544_3322_1102L);
  }

  @Test
  void refusesFramesAndAddressesThatCannotBe() {
    assertThatThrownBy(() -> net.receive(new byte[13]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("length=13");
    assertThatThrownBy(() -> net.receive(new byte[1515]))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new VirtioNet(new byte[] {1, 0, 0, 0, 0, 0}, frame -> {}))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new VirtioNet(new byte[5], frame -> {}))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
