package io.understudy.machine.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.machine.virtio.VirtioTestDriver.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a guest may do to a device: break it, and nothing else. */
class VirtioHostileGuestTest {

  private static final int WRITE = VirtioTestDriver.WRITE;
  private static final int NEXT = VirtioTestDriver.NEXT;

  private final VirtioTestMachine machine = new VirtioTestMachine();
  private final VirtioTestDriver driver = machine.driver(VirtioTestMachine.BLOCK_SLOT).start();
  private final VirtioTestDriver.Queue queue = driver.queue(0);

  private byte[] flush() {
    byte[] header = new byte[16];
    header[0] = 4;
    return header;
  }

  private VirtioFault fault(int slot) {
    return machine.devices.functions().get(slot - 1).fault();
  }

  private void assertBroken(VirtioFault expected) {
    assertThat(fault(VirtioTestMachine.BLOCK_SLOT)).isEqualTo(expected);
    assertThat(driver.in(VirtioTestDriver.STATUS, 1) & VirtioTestDriver.NEEDS_RESET).isNotZero();
    int used = machine.ram.readShort(queue.used + 2);
    queue.kick();
    assertThat(machine.ram.readShort(queue.used + 2)).as("served while broken").isEqualTo(used);
    assertThat(machine.devices.save().functions().get(0).fault()).isEqualTo(expected.code());

    driver.start();
    assertThat(driver.in(VirtioTestDriver.STATUS, 1)).isEqualTo(7);
    driver.queue(0).request(List.of(driver.reads(flush()), driver.writes(1)));
    assertThat(fault(VirtioTestMachine.BLOCK_SLOT)).isEqualTo(VirtioFault.NONE);
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0x7FFF_FFFF, 0x8000_0000, 0x100, 0xFF})
  void breaks_whenTheRingsAreNotInRam(int page) {
    driver.out(VirtioTestDriver.QUEUE_SELECT, 2, 0);
    driver.out(VirtioTestDriver.QUEUE_PAGE, 4, page);

    assertThat(driver.in(VirtioTestDriver.QUEUE_PAGE, 4)).isZero();
    assertBroken(VirtioFault.RINGS_OUTSIDE_RAM);
  }

  @ParameterizedTest
  @CsvSource({
    "0x100000, 1", // first byte behind RAM
    "0xFFFFF, 2", // across the end
    "0, -1", // 4 GiB
    "-1, 1",
    "-4096, 8192", // wraps to 0
    "0x7FFFFFFFFFFFFFFF, -1",
    "0x8000000000000000, 16"
  })
  void breaks_whenABufferIsNotInRam(String address, int length) {
    long at =
        address.startsWith("0x")
            ? Long.parseUnsignedLong(address.substring(2), 16)
            : Long.parseLong(address);
    queue.describe(0, at, length, WRITE, 0);
    queue.makeAvailable(0);
    queue.kick();

    assertBroken(VirtioFault.BUFFER_OUTSIDE_RAM);
  }

  @Test
  void breaks_whenAChainLoops() {
    queue.describe(0, 0, 16, NEXT, 1);
    queue.describe(1, 0, 16, NEXT, 0);
    queue.makeAvailable(0);
    queue.kick();

    assertBroken(VirtioFault.CHAIN_TOO_LONG);
  }

  @Test
  void servesTheLongestChainThereCanBe() {
    queue.describe(0, driver.reads(flush()).address(), 16, NEXT, 1);
    for (int index = 1; index < queue.size; index++) {
      queue.describe(index, 0x10, 1, WRITE | (index + 1 < queue.size ? NEXT : 0), index + 1);
    }
    queue.makeAvailable(0);
    queue.kick();

    assertThat(queue.takeUsed()).hasSize(1);
    assertThat(fault(VirtioTestMachine.BLOCK_SLOT)).isEqualTo(VirtioFault.NONE);
  }

  @ParameterizedTest
  @ValueSource(ints = {128, 0xFFFF})
  void breaks_whenAChainStartsOrGoesOnOutsideOfTheTable(int index) {
    queue.makeAvailable(index);
    queue.kick();
    assertBroken(VirtioFault.NO_SUCH_DESCRIPTOR);

    driver.queue(0).describe(0, 0, 16, NEXT, index);
    driver.queue(0).describe(1, 0, 16, NEXT, 1);
    driver.queue(0).makeAvailable(0);
    driver.queue(0).kick();
    assertThat(fault(VirtioTestMachine.BLOCK_SLOT)).isEqualTo(VirtioFault.NO_SUCH_DESCRIPTOR);
  }

  @Test
  void breaks_whenADescriptorIsIndirect() {
    queue.describe(0, 0, 16, VirtioTestDriver.INDIRECT, 0);
    queue.makeAvailable(0);
    queue.kick();

    assertBroken(VirtioFault.DESCRIPTOR_KIND);
  }

  @Test
  void breaks_whenBuffersAreOutOfOrder() {
    queue.offer(List.of(driver.writes(1), driver.reads(flush())));
    queue.kick();

    assertBroken(VirtioFault.BUFFERS_OUT_OF_ORDER);
  }

  @ParameterizedTest
  @ValueSource(ints = {129, 0x7FFF, 0xFFFF})
  void breaks_whenMoreIsAvailableThanTheRingHolds(int index) {
    queue.setAvailableIndex(index);
    queue.kick();

    assertBroken(VirtioFault.TOO_MANY_AVAILABLE);
  }

  @Test
  void breaks_whenARequestCannotBeUnderstoodOrAnswered() {
    queue.offer(List.of(driver.reads(new byte[15]), driver.writes(1)));
    queue.kick();
    assertBroken(VirtioFault.REQUEST_TOO_SHORT);

    driver.queue(0).offer(List.of(driver.reads(flush())));
    driver.queue(0).kick();
    assertThat(fault(VirtioTestMachine.BLOCK_SLOT)).isEqualTo(VirtioFault.REQUEST_TOO_SHORT);
  }

  @Test
  void breaks_whenTheDeviceIsMadeToFeedItself() {
    // 65 requests, of which the last reads a sector over the available index: 100 more.
    byte[] sector = new byte[512];
    LittleEndian.put(sector, 0, 2, 165);
    machine.disk.write(0, sector, 0, 1);
    queue.describe(0, driver.reads(flush()).address(), 16, NEXT, 1);
    queue.describe(1, 0x100, 1, WRITE, 0);
    queue.describe(2, driver.reads(new byte[16]).address(), 16, NEXT, 3);
    queue.describe(3, queue.available + 2, 2, WRITE | NEXT, 4);
    queue.describe(4, 0x200, 511, WRITE, 0);
    for (int count = 0; count < 64; count++) {
      queue.makeAvailable(0);
    }
    queue.makeAvailable(2);
    queue.kick();

    assertThat(queue.takeUsed()).hasSize(65);
    assertThat(machine.ram.readShort(queue.available + 2)).isEqualTo(165);
    assertBroken(VirtioFault.TOO_MANY_AVAILABLE);
  }

  @Test
  void tellsTheGuestOfWhatWasDoneBeforeTheFault() {
    queue.offer(List.of(driver.reads(flush()), driver.writes(1)));
    queue.makeAvailable(999);
    queue.kick();

    assertThat(queue.takeUsed()).hasSize(1);
    assertThat(machine.isRequested(10)).isTrue();
    assertBroken(VirtioFault.NO_SUCH_DESCRIPTOR);
  }

  /**
   * A node holds 8 MiB of output, and the guest runs on to its next access before it stands still.
   */
  @Test
  void printsInOneAccessNoMoreThanANodeCanHold() {
    long inOneAccess = (long) VirtioConsole.QUEUE_ENTRIES * VirtioConsole.MAX_REQUEST_BYTES;

    assertThat(inOneAccess).isLessThanOrEqualTo(4 << 20);
  }

  @Test
  void breaksTheConsole_whenItIsToPrintTooMuch() {
    VirtioTestDriver console = machine.driver(VirtioTestMachine.CONSOLE_SLOT).start();
    Buffer all = new Buffer(0, machine.ram.sizeBytes(), false);
    console.queue(1).offer(List.of(all, new Buffer(0, 1, false)));
    console.queue(1).kick();

    assertThat(fault(VirtioTestMachine.CONSOLE_SLOT)).isEqualTo(VirtioFault.REQUEST_TOO_LONG);
    assertThat(machine.printed.size()).isZero();
  }

  @Test
  void answersInputOutputError_whenADiskRequestIsLongerThanAnyDriverMakesIt() {
    queue.describe(0, driver.reads(new byte[16]).address(), 16, NEXT, 1);
    for (int index = 1; index < 20; index++) {
      queue.describe(index, 0x80000, 0x80000, WRITE | NEXT, index + 1);
    }
    Buffer status = driver.writes(1);
    machine.ram.write(status.address(), (byte) 9);
    queue.describe(20, status.address(), 1, WRITE, 0);
    queue.makeAvailable(0);
    queue.kick();

    assertThat(driver.content(status)).containsExactly(1);
  }

  @Test
  void leavesTheOtherDevicesAlone() {
    VirtioTestDriver console = machine.driver(VirtioTestMachine.CONSOLE_SLOT).start();
    queue.makeAvailable(999);
    queue.kick();

    console.queue(1).request(List.of(console.reads((byte) 'x')));

    assertThat(machine.printed.toString(StandardCharsets.US_ASCII)).isEqualTo("x");
    assertThat(fault(VirtioTestMachine.CONSOLE_SLOT)).isEqualTo(VirtioFault.NONE);
  }
}
