package io.understudy.machine.virtio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.understudy.machine.devices.PortBus;
import io.understudy.machine.pci.IntxLine;
import io.understudy.machine.virtio.VirtioTestDriver.Buffer;
import io.understudy.machine.virtio.VirtioTestDriver.Used;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VirtioPciTest {

  private final VirtioTestMachine machine = new VirtioTestMachine();
  private final VirtioTestDriver block = machine.driver(VirtioTestMachine.BLOCK_SLOT);

  /** A request to the disk that does nothing. */
  private static int flush(VirtioTestDriver driver) {
    byte[] header = new byte[16];
    header[0] = 4;
    int head = driver.queue(0).offer(List.of(driver.reads(header), new Buffer(0x100, 1, true)));
    driver.queue(0).kick();
    return head;
  }

  @ParameterizedTest
  @CsvSource({
    "1, 0x10011AF4, 0x01000000, 10, 0xC041",
    "2, 0x10001AF4, 0x02000000, 11, 0xC081",
    "3, 0x10031AF4, 0x07800000, 5, 0xC0C1",
    "4, 0x10051AF4, 0xFF000000, 9, 0xC101",
    "5, 0x10011AF4, 0x01000000, 10, 0xC141"
  })
  void isFoundOnTheBus(int slot, String identity, String classAndRevision, int irq, String window) {
    VirtioTestDriver driver = machine.driver(slot);

    assertThat(driver.readConfig(0x00, 4)).isEqualTo(Long.decode(identity).intValue());
    assertThat(driver.readConfig(0x08, 4)).isEqualTo(Long.decode(classAndRevision).intValue());
    assertThat(driver.readConfig(0x10, 4)).isEqualTo(Integer.decode(window));
    assertThat(driver.readConfig(0x3C, 1)).isEqualTo(irq);
    assertThat(driver.readConfig(0x06, 2)).as("status: no capabilities").isZero();
  }

  @Test
  void hasItsInterruptsLevelTriggered() {
    assertThat(machine.ports.in(0x4D0, 1)).isEqualTo(0x20);
    assertThat(machine.ports.in(0x4D1, 1)).isEqualTo(0x0E);
  }

  @Test
  void answersSizesAndPagesOfItsQueuesOnly() {
    VirtioTestDriver net = machine.driver(VirtioTestMachine.NET_SLOT).start();
    net.out(VirtioTestDriver.QUEUE_SELECT, 2, 1);
    assertThat(net.in(VirtioTestDriver.QUEUE_SIZE, 2)).isEqualTo(256);
    assertThat(net.in(VirtioTestDriver.QUEUE_PAGE, 4))
        .isEqualTo((int) (net.queue(1).descriptors / 4096));

    net.out(VirtioTestDriver.QUEUE_SELECT, 2, 2);
    net.out(VirtioTestDriver.QUEUE_PAGE, 4, 1);

    assertThat(net.in(VirtioTestDriver.QUEUE_SELECT, 2)).isEqualTo(2);
    assertThat(net.in(VirtioTestDriver.QUEUE_SIZE, 2)).isZero();
    assertThat(net.in(VirtioTestDriver.QUEUE_PAGE, 4)).isZero();
    assertThat(net.in(VirtioTestDriver.QUEUE_NOTIFY, 2)).isZero();
  }

  @Test
  void keepsOnlyFeaturesItHasOffered() {
    block.out(VirtioTestDriver.GUEST_FEATURES, 4, -1);

    assertThat(block.in(VirtioTestDriver.GUEST_FEATURES, 4))
        .isEqualTo(block.in(VirtioTestDriver.FEATURES, 4));
  }

  @Test
  void interruptsUntilTheStatusIsRead() {
    block.start();
    flush(block);
    assertThat(machine.isRequested(10)).isTrue();
    assertThat(block.readConfig(0x06, 2)).as("PCI interrupt status").isEqualTo(0x0008);

    assertThat(block.in(VirtioTestDriver.ISR, 1)).isEqualTo(1);

    assertThat(machine.isRequested(10)).isFalse();
    assertThat(block.in(VirtioTestDriver.ISR, 1)).isZero();
    assertThat(block.readConfig(0x06, 2)).isZero();
  }

  @Test
  void readsStatusAndInterruptStatusTogether() {
    block.start();
    flush(block);

    assertThat(block.in(VirtioTestDriver.STATUS, 2)).isEqualTo(0x0107);
    assertThat(machine.isRequested(10)).isFalse();
  }

  @Test
  void doesNotInterrupt_whenTheDriverDoesNotWantIt() {
    block.start();
    block.queue(0).suppressInterrupts(true);
    int head = flush(block);
    assertThat(block.queue(0).takeUsed()).containsExactly(new Used(head, 1));
    assertThat(machine.isRequested(10)).isFalse();

    block.queue(0).suppressInterrupts(false);
    flush(block);
    assertThat(machine.isRequested(10)).isTrue();
  }

  @Test
  void doesNotPullItsPin_whileThatIsDisabled() {
    block.start();
    block.writeConfig(0x04, 2, 0x0401);
    flush(block);
    assertThat(machine.isRequested(10)).isFalse();
    assertThat(block.readConfig(0x06, 2)).isEqualTo(0x0008);

    block.writeConfig(0x04, 2, 0x0001);
    assertThat(machine.isRequested(10)).isTrue();
  }

  @Test
  void sharesAnInterrupt() {
    VirtioTestDriver other = machine.driver(VirtioTestMachine.READ_ONLY_SLOT).start();
    block.start();
    flush(block);
    flush(other);

    block.in(VirtioTestDriver.ISR, 1);
    assertThat(machine.isRequested(10)).as("the other still asks").isTrue();
    other.in(VirtioTestDriver.ISR, 1);
    assertThat(machine.isRequested(10)).isFalse();
  }

  @Test
  void worksAtAnotherWindow() {
    block.moveWindow(0x5000);
    block.start();
    flush(block);

    assertThat(block.queue(0).takeUsed()).hasSize(1);
    assertThat(machine.ports.in(0xC040 + VirtioTestDriver.STATUS, 1)).isEqualTo(0xFF);
  }

  @Test
  void forgetsTheDriver_whenReset() {
    block.start();
    flush(block);

    block.out(VirtioTestDriver.STATUS, 1, 0);

    assertThat(machine.isRequested(10)).isFalse();
    assertThat(block.in(VirtioTestDriver.STATUS, 2)).isZero();
    assertThat(block.in(VirtioTestDriver.GUEST_FEATURES, 4)).isZero();
    assertThat(block.in(VirtioTestDriver.QUEUE_PAGE, 4)).isZero();
    flush(block);
    assertThat(block.queue(0).takeUsed()).as("used before the reset").hasSize(1);

    block.start();
    flush(block);
    assertThat(block.queue(0).takeUsed()).hasSize(1);
  }

  @Test
  void servesTheDriver_whichUsesQueuesBeforeItIsReady() {
    block.start();
    block.out(VirtioTestDriver.STATUS, 1, VirtioTestDriver.ACKNOWLEDGE | VirtioTestDriver.DRIVER);

    flush(block);

    assertThat(block.queue(0).takeUsed()).hasSize(1);
  }

  @Test
  void ignoresRegistersInForeignWidthsAndQueuesItDoesNotHave() {
    block.start();
    block.out(VirtioTestDriver.QUEUE_SELECT, 2, 0);
    int page = block.in(VirtioTestDriver.QUEUE_PAGE, 4);

    block.out(VirtioTestDriver.STATUS, 2, 0);
    block.out(VirtioTestDriver.QUEUE_PAGE, 2, 0);
    block.out(VirtioTestDriver.QUEUE_SELECT, 1, 1);
    block.out(VirtioTestDriver.FEATURES, 4, -1);
    block.out(VirtioTestDriver.QUEUE_SIZE, 2, 1);
    block.out(VirtioTestDriver.ISR, 1, 0xFF);
    block.out(VirtioTestDriver.CONFIG, 4, -1);
    block.out(VirtioTestDriver.QUEUE_NOTIFY, 2, 1);
    block.out(VirtioTestDriver.QUEUE_NOTIFY, 2, 0xFFFF);

    assertThat(block.in(VirtioTestDriver.STATUS, 1)).isEqualTo(7);
    block.out(VirtioTestDriver.QUEUE_SELECT, 2, 0);
    assertThat(block.in(VirtioTestDriver.QUEUE_PAGE, 4)).isEqualTo(page);
    assertThat(block.readDeviceConfig(0, 8)).isEqualTo(VirtioTestMachine.DISK_SECTORS);
  }

  @Test
  void goesBackToAnEmptyQueue_whenItIsPlacedAgain() {
    block.start();
    flush(block);
    block.out(VirtioTestDriver.QUEUE_SELECT, 2, 0);
    block.out(VirtioTestDriver.QUEUE_PAGE, 4, (int) (block.queue(0).descriptors / 4096));
    block.queue(0).setAvailableIndex(0);
    block.queue(0).kick();
    assertThat(block.queue(0).takeUsed()).hasSize(1);

    block.queue(0).setAvailableIndex(1);
    block.queue(0).kick();

    assertThat(machine.ram.readShort(block.queue(0).used + 2)).isEqualTo(1);
  }

  @Test
  void restoresWithoutDrivingTheWire_andGoesOnFromThere() {
    block.start();
    flush(block);
    VirtioTestMachine restored = new VirtioTestMachine();
    machine.ram.copyTo(restored.ram);

    restored.devices.restore(machine.devices.save());
    assertThat(restored.isRequested(10)).as("driven by restore").isFalse();

    restored.pic.restore(machine.pic.save());
    assertThat(restored.isRequested(10)).isTrue();
    assertThat(restored.ports.in(0xC040 + VirtioTestDriver.ISR, 1)).isEqualTo(1);
    assertThat(restored.isRequested(10)).isFalse();
    assertThat(restored.devices.save().functions().get(0).queues())
        .isEqualTo(machine.devices.save().functions().get(0).queues());
  }

  @Test
  void refusesAStateThatIsNotItsOwn() {
    VirtioDevicesState state = machine.devices.save();
    VirtioDevices empty = new VirtioDevices(new PortBus(), machine.pic, machine.reset, machine.ram);
    assertThatThrownBy(() -> empty.restore(state))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("functions=0 saved=5");

    VirtioPci function = machine.devices.functions().get(0);
    assertThatThrownBy(() -> function.restore(state.functions().get(1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("queues=1 saved=2");
    VirtioPciState saved = function.save();
    assertThatThrownBy(
            () ->
                function.restore(
                    new VirtioPciState(
                        saved.config(), 0, 0, 0, 0, 0, List.of(new VirtqueueState(-1, 0, 0)))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("0xffffffff");
  }

  @Test
  void refusesADeviceThatIsOnABusAlready() {
    assertThatThrownBy(
            () -> new VirtioPci(machine.net, machine.ram, new IntxLine(5, level -> {}), 0xD000))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> new VirtioConsole(value -> {}).receive(new byte[1]))
        .isInstanceOf(IllegalStateException.class);
  }
}
