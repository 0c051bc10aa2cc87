package io.understudy.machine.virtio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.understudy.machine.virtio.VirtioTestDriver.Buffer;
import io.understudy.machine.virtio.VirtioTestDriver.Used;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VirtioBlockTest {

  private static final int READ = 0;
  private static final int WRITE = 1;
  private static final int FLUSH = 4;
  private static final int GET_ID = 8;

  private static final int OK = 0;
  private static final int IO_ERROR = 1;
  private static final int UNSUPPORTED = 2;

  private final VirtioTestMachine machine = new VirtioTestMachine();
  private final VirtioTestDriver driver = machine.driver(VirtioTestMachine.BLOCK_SLOT).start();

  private static byte[] header(int type, long sector) {
    byte[] header = new byte[16];
    LittleEndian.put(header, 0, 4, type);
    LittleEndian.put(header, 8, 8, sector);
    return header;
  }

  private int status(Buffer buffer) {
    return driver.content(buffer)[buffer.length() - 1];
  }

  private int write(long sector, byte[] data) {
    Buffer status = driver.writes(1);
    driver
        .queue(0)
        .request(List.of(driver.reads(header(WRITE, sector)), driver.reads(data), status));
    return status(status);
  }

  private byte[] read(long sector, int length) {
    Buffer data = driver.writes(length);
    Buffer status = driver.writes(1);
    Used used = driver.queue(0).request(List.of(driver.reads(header(READ, sector)), data, status));
    assertThat(used.length()).isEqualTo(length + 1);
    assertThat(status(status)).isEqualTo(OK);
    return driver.content(data);
  }

  private static byte[] original(int sector, int length) {
    byte[] disk = VirtioTestMachine.pattern(VirtioTestMachine.DISK_SECTORS * 512);
    return Arrays.copyOfRange(disk, sector * 512, sector * 512 + length);
  }

  @Test
  void describesItself() {
    assertThat(driver.readConfig(0, 4)).isEqualTo(0x1001_1AF4);
    assertThat(driver.readConfig(0x2C, 4)).isEqualTo(0x0002_1AF4);
    assertThat(driver.in(VirtioTestDriver.FEATURES, 4)).isEqualTo(0x246);
    assertThat(driver.readDeviceConfig(0, 8)).isEqualTo(VirtioTestMachine.DISK_SECTORS);
    assertThat(driver.readDeviceConfig(8, 4)).as("bytes in a segment").isEqualTo(65_536);
    assertThat(driver.readDeviceConfig(12, 4)).as("segments").isEqualTo(126);
    assertThat(driver.readDeviceConfig(20, 4)).as("bytes in a block").isEqualTo(512);
    assertThat(driver.readDeviceConfig(24, 8)).isZero();
  }

  @Test
  void readsTheBaseImage() {
    assertThat(read(0, 512)).isEqualTo(original(0, 512));
    assertThat(read(5, 4096)).isEqualTo(original(5, 4096));
    assertThat(read(VirtioTestMachine.DISK_SECTORS - 1, 512))
        .isEqualTo(original(VirtioTestMachine.DISK_SECTORS - 1, 512));
    assertThat(machine.block.readSectors()).isEqualTo(10);
  }

  @Test
  void readsWhatWasWritten_andTheRestAsItWas() {
    byte[] data = new byte[1024];
    Arrays.fill(data, (byte) 0x5A);

    assertThat(write(7, data)).isEqualTo(OK);

    assertThat(read(6, 512)).isEqualTo(original(6, 512));
    assertThat(read(7, 1024)).isEqualTo(data);
    assertThat(read(9, 512)).isEqualTo(original(9, 512));
    assertThat(machine.block.writtenSectors()).isEqualTo(2);
    assertThat(machine.disk.takeChangedBlocks().stream()).containsExactly(0, 1);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 16, 100, 511, 512, 513, 4096})
  void acceptsAnyFraming(int pieceBytes) {
    byte[] data = VirtioTestMachine.pattern(1024);
    data[0] = 99;
    Buffer written = driver.reads(concatenate(header(WRITE, 3), data));
    Buffer status = driver.writes(1);
    List<Buffer> request =
        new ArrayList<>(VirtioTestDriver.split(written, Math.max(pieceBytes, 16)));
    request.add(status);
    driver.queue(0).request(request);
    assertThat(status(status)).isEqualTo(OK);

    Buffer answer = driver.writes(1025);
    request =
        new ArrayList<>(
            VirtioTestDriver.split(driver.reads(header(READ, 3)), Math.min(pieceBytes, 16)));
    request.addAll(VirtioTestDriver.split(answer, Math.max(pieceBytes, 16)));
    Used used = driver.queue(0).request(request);

    assertThat(used.length()).isEqualTo(1025);
    assertThat(driver.content(answer)).isEqualTo(concatenate(data, new byte[] {OK}));
  }

  private static byte[] concatenate(byte[] first, byte[] second) {
    byte[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }

  @Test
  void transfersMoreThanItMovesAtOnce() {
    Buffer data = driver.writes(75 * 1024);
    Buffer status = driver.writes(1);
    driver.queue(0).request(List.of(driver.reads(header(READ, 1)), data, status));

    assertThat(status(status)).isEqualTo(OK);
    assertThat(driver.content(data)).isEqualTo(original(1, 75 * 1024));
  }

  @ParameterizedTest
  @CsvSource({
    "202,1024", // across the end
    "203,512", // behind it
    "0,511", // no whole sector
    "9223372036854775807,512",
    "-1,512",
    "36028797018963968,512", // 2^55: in bytes, 0
  })
  void answersInputOutputError_whenSectorsAreNotOnTheDisk(long sector, int length) {
    Buffer data = driver.writes(length);
    Buffer status = driver.writes(1);
    driver.queue(0).request(List.of(driver.reads(header(READ, sector)), data, status));
    assertThat(status(status)).isEqualTo(IO_ERROR);
    assertThat(driver.content(data)).containsOnly(0);

    assertThat(write(sector, new byte[length])).isEqualTo(IO_ERROR);
    assertThat(machine.disk.overlayBlockCount()).isZero();
    assertThat(machine.block.readSectors() + machine.block.writtenSectors()).isZero();
  }

  @Test
  void acceptsAnEmptyTransferAtTheEndOfTheDisk() {
    assertThat(write(VirtioTestMachine.DISK_SECTORS, new byte[0])).isEqualTo(OK);
  }

  @Test
  void answersFlushAndSerialNumber() {
    Buffer status = driver.writes(1);
    driver.queue(0).request(List.of(driver.reads(header(FLUSH, 0)), status));
    assertThat(status(status)).isEqualTo(OK);

    Buffer id = driver.writes(20);
    driver.queue(0).request(List.of(driver.reads(header(GET_ID, 0)), id, status));
    assertThat(status(status)).isEqualTo(OK);
    assertThat(new String(driver.content(id), StandardCharsets.US_ASCII))
        .isEqualTo("understudy-0\0\0\0\0\0\0\0\0");
  }

  @Test
  void shortensTheSerialNumber_whenThereIsLittleRoom() {
    Buffer answer = driver.writes(5);
    driver.queue(0).request(List.of(driver.reads(header(GET_ID, 0)), answer));

    assertThat(driver.content(answer)).containsExactly('u', 'n', 'd', 'e', OK);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 11, 13, -1})
  void answersUnsupported_whenItDoesNotKnowTheRequest(int type) {
    Buffer status = driver.writes(1);
    driver.queue(0).request(List.of(driver.reads(header(type, 0)), status));

    assertThat(status(status)).isEqualTo(UNSUPPORTED);
  }

  @Test
  void servesAllWaitingRequestsInOrder_atOneNotify() {
    VirtioTestDriver.Queue queue = driver.queue(0);
    Buffer data = driver.writes(512);
    Buffer status = driver.writes(1);
    byte[] first = VirtioTestMachine.pattern(512);
    Arrays.fill(first, (byte) 1);
    int write = queue.offer(List.of(driver.reads(header(WRITE, 0)), driver.reads(first), status));
    int read = queue.offer(List.of(driver.reads(header(READ, 0)), data, status));
    queue.kick();

    assertThat(queue.takeUsed()).containsExactly(new Used(write, 1), new Used(read, 513));
    assertThat(driver.content(data)).isEqualTo(first);
  }

  @Test
  void goesOnWhenTheRingsWrap() {
    Buffer status = driver.writes(1);
    Buffer request = driver.reads(header(FLUSH, 0));
    for (int count = 0; count < 70_000; count++) {
      driver.queue(0).request(List.of(request, status));
    }

    assertThat(machine.devices.functions().get(0).fault()).isEqualTo(VirtioFault.NONE);
  }

  @Test
  void refusesWrites_whenReadOnly() {
    VirtioTestDriver readOnly = machine.driver(VirtioTestMachine.READ_ONLY_SLOT).start();
    Buffer status = readOnly.writes(1);
    readOnly
        .queue(0)
        .request(List.of(readOnly.reads(header(WRITE, 0)), readOnly.reads(new byte[512]), status));

    assertThat(readOnly.content(status)).containsExactly(IO_ERROR);
    assertThat(readOnly.in(VirtioTestDriver.FEATURES, 4) & 0x20).isNotZero();
  }

  @Test
  void refusesASerialNumberThatIsTooLong() {
    assertThatThrownBy(() -> new VirtioBlock(machine.disk, "a-serial-number-of-26-bytes", false))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("20");
  }
}
