package io.understudy.machine.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.understudy.machine.BadImageException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class KernelFileTest {
  private static final byte[] VMLINUX =
      SyntheticKernel.vmlinux(new byte[] {0x0f, 0x31, (byte) 0xc3});

  static List<String> compressions() {
    return SyntheticKernel.COMPRESSIONS;
  }

  @ParameterizedTest
  @MethodSource("compressions")
  void findsTheKernel_whateverItIsCompressedWith(String compression) throws Exception {
    byte[] file = SyntheticKernel.bzImage(VMLINUX, compression);

    KernelFile kernel = KernelFile.parse("vmlinuz", file);

    assertThat(kernel.vmlinux()).isEqualTo(VMLINUX);
    assertThat(kernel.compression()).isEqualTo(compression);
    assertThat(kernel.sha256()).isEqualTo(MessageDigest.getInstance("SHA-256").digest(file));
    assertThat(kernel.kernelVersion()).contains(SyntheticKernel.VERSION);
    assertThat(kernel.header().version()).isEqualTo(0x20f);
    assertThat(kernel.header().isSynthetic()).isFalse();
  }

  @Test
  void takesTheElfFileItself() {
    KernelFile kernel = KernelFile.parse("vmlinux", VMLINUX);

    assertThat(kernel.vmlinux()).isEqualTo(VMLINUX);
    assertThat(kernel.compression()).isEqualTo("none");
    assertThat(kernel.kernelVersion()).contains(SyntheticKernel.VERSION);
    assertThat(kernel.header().version()).isEqualTo(0x20c);
    assertThat(kernel.header().isSynthetic()).isTrue();
  }

  @Test
  void keepsItsBytes_whenTheCallerChangesHis() {
    byte[] given = VMLINUX.clone();
    KernelFile kernel = KernelFile.parse("vmlinux", given);
    Arrays.fill(given, (byte) 0);
    Arrays.fill(kernel.vmlinux(), (byte) 0);

    assertThat(kernel.vmlinux()).isEqualTo(VMLINUX);
  }

  @Test
  void readsAFile(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("vmlinuz");
    Files.write(file, SyntheticKernel.bzImage(VMLINUX, "lz4"));

    assertThat(KernelFile.read(file).vmlinux()).isEqualTo(VMLINUX);
    refused(() -> KernelFile.read(directory.resolve("none")), "none: cannot be read");
  }

  @Test
  void refusesWhatIsNoKernel() {
    refused(
        () -> KernelFile.parse("picture.png", new byte[] {(byte) 0x89, 'P', 'N', 'G'}),
        "picture.png: not a Linux kernel: first bytes 89504e47, size=4; expected an x86-64"
            + " bzImage");
    refused(() -> KernelFile.parse("empty", new byte[0]), "empty: not a Linux kernel");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0x1fe | 2 | 0x1234 | boot flag at 0x1fe must be 0xaa55, is 0x1234",
        "0x206 | 2 | 0x20b | version too old: expected at least 2.12, actual 2.11",
        "0x236 | 2 | 0x7e | no 64-bit entry (xloadflags bit 0 at 0x236): xloadflags=0x7e",
        "0x201 | 1 | 0x10 | header must end in [0x264, 0x290], says it ends at 0x212",
        "0x201 | 1 | 0xff | header must end in [0x264, 0x290], says it ends at 0x301",
        "0x24c | 4 | 0x7fffffff | payload must lie within the file",
        "0x24c | 4 | 0xffffffff | payload must lie within the file",
        "0x24c | 4 | 3 | compressed with something unknown: first bytes 28b52f;",
        "0x24c | 4 | 64 | decompressed length",
        "0x248 | 4 | 0 | payload must lie within the file",
        "0x840 | 4 | 0x12345678 | compressed with something unknown: first bytes 78563412",
        "0x840 | 4 | 0x005a4c89 | compressed with lzo which is not supported; give the vmlinux",
        "0x844 | 1 | 0xff | the zstd payload cannot be decompressed",
      })
  void refusesADamagedHeader(int offset, int size, long value, String message) {
    refused(
        () ->
            KernelFile.parse(
                "vmlinuz",
                changed(
                    SyntheticKernel.bzImage(VMLINUX, "zstd"),
                    file -> {
                      for (int index = 0; index < size; index++) {
                        file.put(offset + index, (byte) (value >> (8 * index)));
                      }
                    })),
        "vmlinuz: ",
        message);
  }

  @ParameterizedTest
  @MethodSource("compressions")
  void refusesAnotherLengthThanPromised(String compression) {
    byte[] file = SyntheticKernel.bzImage(VMLINUX, compression);
    int trailer = file.length - 32 - 4;
    for (int wrong : new int[] {VMLINUX.length - 1, VMLINUX.length + 1}) {
      refused(
          () -> KernelFile.parse("k", changed(file, bytes -> bytes.putInt(trailer, wrong))),
          "the " + compression + " payload "); // gzip may find out by itself
    }
    for (int wrong : new int[] {0, -1, (512 << 20) + 1}) {
      refused(
          () -> KernelFile.parse("k", changed(file, bytes -> bytes.putInt(trailer, wrong))),
          "must be in [1, 536870912], is " + Integer.toUnsignedString(wrong));
    }
  }

  @Test
  void refusesLz4BlocksBeyondTheirBounds() {
    byte[] file = SyntheticKernel.bzImage(VMLINUX, "lz4");
    for (int size : new int[] {0, -1, 0x7fffffff, file.length}) {
      refused(
          () -> KernelFile.parse("k", changed(file, bytes -> bytes.putInt(0x844, size))),
          "a block's compressed size must be in [1, ");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "4 | 1 | 1 | must be a 64-bit little-endian x86-64 executable",
        "16 | 2 | 3 | type=3",
        "18 | 2 | 183 | machine=183",
        "24 | 8 | 0x2000000 | entry point 0x2000000 lies in no loaded segment",
        "32 | 8 | 0x7fffffff | program headers lie outside the file",
        "32 | 8 | -1 | program headers lie outside the file",
        "54 | 2 | 32 | program headers lie outside the file or have another size",
        "40 | 8 | 0x31ff | section headers lie outside the file",
        "58 | 2 | 0 | section headers lie outside the file or have another size",
        "64 | 4 | 0 | entry point", // the first segment is not loaded any more
        "72 | 8 | 0x3000 | segment cannot be loaded",
        "88 | 8 | 0xfffff | segment cannot be loaded: address=0xfffff (at least 0x100000)",
        "96 | 8 | 0x2001 | segment cannot be loaded",
        "96 | 8 | -1 | segment cannot be loaded",
        "104 | 8 | -1 | segment cannot be loaded",
        "104 | 8 | 0x7fffffffffffffff | segment cannot be loaded",
        "0x3098 | 8 | 0x31ff | section .text lies outside the file",
        "0x30a0 | 8 | -1 | section .text lies outside the file",
      })
  void refusesADamagedElfFile(int offset, int size, String value, String message) {
    long number = Long.decode(value);
    refused(
        () ->
            KernelFile.parse(
                "vmlinux",
                changed(
                    VMLINUX,
                    file -> {
                      for (int index = 0; index < size; index++) {
                        file.put(offset + index, (byte) (number >> (8 * index)));
                      }
                    })),
        "vmlinux: ",
        message);
  }

  @Test
  void refusesEveryTruncation() {
    for (String compression : SyntheticKernel.COMPRESSIONS) {
      byte[] file = SyntheticKernel.bzImage(VMLINUX, compression);
      for (int length = 0; length < file.length - 32; length += 7) {
        byte[] cut = Arrays.copyOf(file, length);
        refused(() -> KernelFile.parse("k", cut), "k: ");
      }
    }
  }

  private static byte[] changed(byte[] file, Consumer<ByteBuffer> change) {
    byte[] copy = file.clone();
    change.accept(SyntheticKernel.littleEndian(copy));
    return copy;
  }

  private static void refused(Runnable action, String... parts) {
    assertThatExceptionOfType(BadImageException.class)
        .isThrownBy(action::run)
        .satisfies(refusal -> assertThat(refusal.getMessage()).contains(parts));
  }
}
