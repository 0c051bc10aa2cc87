package io.understudy.machine.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.understudy.machine.BadImageException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class LinuxBootTest {
  private static final byte[] VMLINUX = SyntheticKernel.vmlinux(new byte[] {0x0f, 0x31});
  private static final RewrittenKernel FROM_BZIMAGE =
      rewritten(SyntheticKernel.bzImage(VMLINUX, "zstd"));
  private static final RewrittenKernel FROM_ELF = rewritten(VMLINUX);
  private static final int MEMORY = 32 << 20;
  private static final byte[] SEED = seed();

  @Test
  void placesEverythingWhereTheProtocolWantsIt() {
    byte[] initrd = new byte[5000];
    Arrays.fill(initrd, (byte) 0x77);

    BootImage image = LinuxBoot.layOut(FROM_BZIMAGE, initrd, "console=ttyS0", MEMORY, SEED);
    ByteBuffer memory = written(image);

    assertThat(image.entry()).isEqualTo(SyntheticKernel.ENTRY);
    assertThat(image.zeroPage()).isEqualTo(0x7000);
    assertThat(image.kernelEnd()).isEqualTo(0x1800000); // pref_address + init_size
    assertThat(image.initrdAddress()).isEqualTo(MEMORY - 8192);
    assertThat(image.initrdBytes()).isEqualTo(5000);
    assertThat(text(memory, 0x20000, 14)).isEqualTo("console=ttyS0\0");
    assertThat(slice(memory, MEMORY - 8192, 5000)).isEqualTo(initrd);
    assertThat(slice(memory, 0x1000000, 3)).isEqualTo(HexFormat.of().parseHex("e6e400"));
    assertThat(slice(memory, 0x1001000, 2)).isEqualTo(HexFormat.of().parseHex("0f31"));
    assertThat(memory.getLong(0x1200000)).isEqualTo(0x1122334455667788L);
    assertThat(memory.getLong(0x1200010)).isZero();
  }

  @Test
  void handsTheSeedOver() {
    ByteBuffer memory = written(LinuxBoot.layOut(FROM_BZIMAGE, new byte[0], "", MEMORY, SEED));

    assertThat(memory.getLong(0x7250)).isEqualTo(0x21000);
    assertThat(memory.getLong(0x21000)).isZero(); // no next node
    assertThat(memory.getInt(0x21008)).isEqualTo(9);
    assertThat(memory.getInt(0x2100c)).isEqualTo(32);
    assertThat(slice(memory, 0x21010, 32)).isEqualTo(SEED);
  }

  @Test
  void fillsTheZeroPage() {
    ByteBuffer memory =
        written(LinuxBoot.layOut(FROM_BZIMAGE, new byte[5000], "quiet", MEMORY, SEED));

    assertThat(memory.get(0x71ef)).isZero(); // sentinel
    assertThat(memory.get(0x71f1)).isEqualTo((byte) 3); // copied
    assertThat(memory.getShort(0x71fe)).isEqualTo((short) 0xaa55);
    assertThat(memory.getInt(0x7202)).isEqualTo(0x53726448);
    assertThat(memory.getShort(0x7206)).isEqualTo((short) 0x20f);
    assertThat(memory.get(0x7210)).isEqualTo((byte) 0xff);
    assertThat(memory.get(0x7211)).isEqualTo((byte) 1); // neither heap nor KASLR
    assertThat(memory.getInt(0x7218)).isEqualTo(MEMORY - 8192);
    assertThat(memory.getInt(0x721c)).isEqualTo(5000);
    assertThat(memory.getInt(0x7228)).isEqualTo(0x20000);
    assertThat(memory.getInt(0x7238)).isEqualTo(2047);
    assertThat(memory.getInt(0x7260)).isEqualTo(0x800000);
    assertThat(memory.getInt(0x726c)).isZero(); // the header ends at 0x26c
    assertThat(memory.get(0x71e8)).isEqualTo((byte) 3);
    assertE820(memory, 0, 0, 0x9fc00, 1);
    assertE820(memory, 1, 0x9fc00, 0x60400, 2);
    assertE820(memory, 2, 0x100000, MEMORY - 0x100000, 1);
    assertThat(memory.getLong(0x72d0 + 60)).isZero();
  }

  @Test
  void makesUpAHeader_forABareKernel() {
    BootImage image = LinuxBoot.layOut(FROM_ELF, new byte[0], "quiet", MEMORY, SEED);
    ByteBuffer memory = written(image);

    assertThat(image.kernelEnd()).isEqualTo(SyntheticKernel.END);
    assertThat(image.initrdAddress()).isZero();
    assertThat(memory.getInt(0x7202)).isEqualTo(0x53726448);
    assertThat(memory.getShort(0x7206)).isEqualTo((short) 0x20c);
    assertThat(memory.getShort(0x71fe)).isEqualTo((short) 0xaa55);
    assertThat(memory.get(0x7210)).isEqualTo((byte) 0xff);
    assertThat(memory.getInt(0x7218)).isZero();
    assertThat(memory.getInt(0x721c)).isZero();
  }

  @Test
  void keepsChunksApartAndInOrder() {
    BootImage image =
        LinuxBoot.layOut(FROM_BZIMAGE, new byte[8192], "x".repeat(2047), MEMORY, SEED);

    long end = 0;
    for (BootImage.Chunk chunk : image.chunks()) {
      assertThat(chunk.address()).isGreaterThanOrEqualTo(end);
      assertThat(chunk.bytes()).hasSize(chunk.length());
      end = chunk.address() + chunk.length();
    }
    assertThat(end).isLessThanOrEqualTo(MEMORY);
  }

  @Test
  void isTheSameEveryTime() {
    ByteBuffer once = written(LinuxBoot.layOut(FROM_BZIMAGE, new byte[100], "a", MEMORY, SEED));
    ByteBuffer again =
        written(
            LinuxBoot.layOut(
                rewritten(SyntheticKernel.bzImage(VMLINUX, "xz")),
                new byte[100],
                "a",
                MEMORY,
                SEED));

    // Only the payload's length in the header tells the two files apart.
    once.putInt(0x724c, 0);
    again.putInt(0x724c, 0);
    assertThat(once).isEqualTo(again);
  }

  @Test
  void saysHowMuchMemoryIsNeeded() {
    // The kernel needs 24 MiB, the initrd one page more than nothing.
    byte[] initrd = new byte[1];
    assertThat(LinuxBoot.layOut(FROM_BZIMAGE, initrd, "", (24 << 20) + 4096, SEED).initrdAddress())
        .isEqualTo(24 << 20);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LinuxBoot.layOut(FROM_BZIMAGE, initrd, "", 24 << 20, SEED))
        .withMessageContaining("too little memory: the kernel reaches to 0x1800000")
        .withMessageContaining("initrd has 1 bytes, the guest has 24 MiB")
        .withMessageContaining("at least 26 MiB");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LinuxBoot.layOut(FROM_BZIMAGE, new byte[0], "", 22 << 20, SEED))
        .withMessageContaining("at least 24 MiB");
  }

  @Test
  void putsTheInitrdBelowTheKernelsLimit() {
    RewrittenKernel low = changedHeader(file -> file.putInt(0x22c, 0x18fffff));

    assertThat(LinuxBoot.layOut(low, new byte[4096], "", 512 << 20, SEED).initrdAddress())
        .isEqualTo(0x18ff000);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LinuxBoot.layOut(low, new byte[0x200000], "", 512 << 20, SEED))
        .withMessageContaining("wants its initrd below 0x1900000");
  }

  @Test
  void refusesWhatIsOutOfRange() {
    refused("x".repeat(2048), MEMORY, SEED, "at most 2047 ASCII characters");
    refused("caf\u00e9", MEMORY, SEED, "ASCII");
    refused("a\0b", MEMORY, SEED, "without NUL");
    refused("", MEMORY, new byte[31], "seed must have 32 bytes, has 31");
    refused("", MEMORY + 1, SEED, "multiple of 4096");
    refused("", 1 << 20, SEED, "multiple of 4096");
    refused("", (3L << 30) + 4096, SEED, "3072 MiB");
    RewrittenKernel terse = changedHeader(file -> file.putInt(0x238, 3));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LinuxBoot.layOut(terse, new byte[0], "abcd", MEMORY, SEED))
        .withMessageContaining("at most 3 ASCII");
  }

  @Test
  void refusesOverlappingSegments() {
    byte[] vmlinux = VMLINUX.clone();
    SyntheticKernel.littleEndian(vmlinux).putLong(64 + 56 + 24, 0x1001fff);
    RewrittenKernel kernel = rewritten(vmlinux);

    assertThatExceptionOfType(BadImageException.class)
        .isThrownBy(() -> LinuxBoot.layOut(kernel, new byte[0], "", MEMORY, SEED))
        .withMessageContaining(
            "segments overlap: one ends at 0x1002000, the next begins at 0x1001fff");
  }

  private static void refused(String line, long memoryBytes, byte[] seed, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LinuxBoot.layOut(FROM_BZIMAGE, new byte[0], line, memoryBytes, seed))
        .withMessageContaining(message);
  }

  private static RewrittenKernel changedHeader(Consumer<ByteBuffer> change) {
    byte[] file = SyntheticKernel.bzImage(VMLINUX, "gzip");
    change.accept(SyntheticKernel.littleEndian(file));
    return rewritten(file);
  }

  private static RewrittenKernel rewritten(byte[] file) {
    return TscRewriter.rewrite(
        KernelFile.parse("k", file), TimeStampPorts.RDTSC, TimeStampPorts.RDTSCP);
  }

  private static ByteBuffer written(BootImage image) {
    byte[] memory = new byte[MEMORY];
    image.writeTo(
        (address, source, offset, length) ->
            System.arraycopy(source, offset, memory, Math.toIntExact(address), length));
    return SyntheticKernel.littleEndian(memory);
  }

  private static void assertE820(ByteBuffer memory, int index, long address, long size, int type) {
    int at = 0x72d0 + 20 * index;
    assertThat(memory.getLong(at)).isEqualTo(address);
    assertThat(memory.getLong(at + 8)).isEqualTo(size);
    assertThat(memory.getInt(at + 16)).isEqualTo(type);
  }

  private static byte[] slice(ByteBuffer memory, int address, int length) {
    byte[] slice = new byte[length];
    memory.get(address, slice);
    return slice;
  }

  private static String text(ByteBuffer memory, int address, int length) {
    return new String(slice(memory, address, length), StandardCharsets.US_ASCII);
  }

  private static byte[] seed() {
    byte[] seed = new byte[32];
    for (int index = 0; index < seed.length; index++) {
      seed[index] = (byte) (index + 1);
    }
    return seed;
  }
}
