package io.understudy.machine.linux;

import com.github.luben.zstd.ZstdOutputStreamNoFinalizer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorOutputStream;
import org.apache.commons.compress.compressors.lz4.BlockLZ4CompressorOutputStream;
import org.tukaani.xz.FilterOptions;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.LZMAOutputStream;
import org.tukaani.xz.X86Options;
import org.tukaani.xz.XZ;
import org.tukaani.xz.XZOutputStream;

/**
 * Small files with the structure of Linux kernels: vmlinux with code, read-only data, data and bss,
 * and bzImage around it.
 *
 * <pre>
 *   file     address     content
 *   0x1000   0x1000000   .text (linked at 0xffffffff81000000)
 *   0x2000   0x1001000   .rodata, holds the bytes of RDTSC
 *   0x3000   0x1200000   .data, 16 bytes; .bss behind it to 0x1203000
 * </pre>
 */
public final class SyntheticKernel {
  static final long ENTRY = 0x1000000;
  static final long END = 0x1203000;
  static final int TEXT_OFFSET = 0x1000;
  static final int RODATA_OFFSET = 0x2000;
  static final long TEXT_ADDRESS = 0xffffffff81000000L;
  static final String VERSION = "6.1.0-test (nobody@nowhere) #1 SMP";
  static final List<String> COMPRESSIONS = List.of("gzip", "xz", "lz4", "zstd", "bzip2", "lzma");

  private static final int SECTION_HEADERS = 0x3040;
  private static final String NAMES = "\0.text\0.rodata\0.data\0.bss\0.shstrtab\0";
  private static final int SETUP_SECTORS = 3;
  private static final int PAYLOAD_OFFSET = 0x40;

  private SyntheticKernel() {}

  /** A vmlinux whose code is {@code text}, at most 4096 bytes. */
  public static byte[] vmlinux(byte[] text) {
    byte[] bytes = new byte[0x3200];
    ByteBuffer elf = littleEndian(bytes);
    elf.putInt(0, 0x464c457f).putShort(4, (short) 0x0102).put(6, (byte) 1);
    elf.putShort(16, (short) 2).putShort(18, (short) 62).putInt(20, 1);
    elf.putLong(24, ENTRY).putLong(32, 64).putLong(40, SECTION_HEADERS);
    elf.putShort(52, (short) 64).putShort(54, (short) 56).putShort(56, (short) 2);
    elf.putShort(58, (short) 64).putShort(60, (short) 6).putShort(62, (short) 5);
    segment(elf, 0, 5, TEXT_OFFSET, ENTRY, 0x2000, 0x2000);
    segment(elf, 1, 6, 0x3000, 0x1200000, 16, 0x3000);
    section(elf, 1, 6, 1, TEXT_ADDRESS, TEXT_OFFSET, text.length);
    section(elf, 2, 2, 1, TEXT_ADDRESS + 0x1000, RODATA_OFFSET, 64);
    section(elf, 3, 3, 1, TEXT_ADDRESS + 0x200000, 0x3000, 16);
    section(elf, 4, 3, 8, TEXT_ADDRESS + 0x201000, 0x3010, 0x2000);
    section(elf, 5, 0, 3, 0, 0x3010, NAMES.length());
    System.arraycopy(text, 0, bytes, TEXT_OFFSET, text.length);
    byte[] banner =
        ("\u000f1\0Linux version " + VERSION + "\n").getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(banner, 0, bytes, RODATA_OFFSET, banner.length);
    elf.putLong(0x3000, 0x1122334455667788L);
    byte[] names = NAMES.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(names, 0, bytes, 0x3010, names.length);
    return bytes;
  }

  private static void segment(
      ByteBuffer elf, int index, int flags, int offset, long address, int fileSize, int memory) {
    int at = 64 + 56 * index;
    elf.putInt(at, 1).putInt(at + 4, flags).putLong(at + 8, offset);
    elf.putLong(at + 16, address + 0xffffffff80000000L).putLong(at + 24, address);
    elf.putLong(at + 32, fileSize).putLong(at + 40, memory);
  }

  private static void section(
      ByteBuffer elf, int index, int flags, int type, long address, int offset, int size) {
    int name = 0;
    for (int skipped = 0; skipped < index; skipped++) {
      name = NAMES.indexOf('\0', name) + 1;
    }
    int at = SECTION_HEADERS + 64 * index;
    elf.putInt(at, name).putInt(at + 4, type).putLong(at + 8, flags);
    elf.putLong(at + 16, address).putLong(at + 24, offset).putLong(at + 32, size);
  }

  /** A bzImage around {@code vmlinux}. */
  public static byte[] bzImage(byte[] vmlinux, String compression) {
    byte[] payload = compress(vmlinux, compression);
    int trailer = compression.equals("gzip") ? 0 : 4;
    int payloadAt = (SETUP_SECTORS + 1) * 512 + PAYLOAD_OFFSET;
    byte[] bytes = new byte[payloadAt + payload.length + trailer + 32];
    ByteBuffer file = littleEndian(bytes);
    file.put(0x1f1, (byte) SETUP_SECTORS).putShort(0x1fe, (short) 0xaa55);
    file.put(0x200, (byte) 0xeb).put(0x201, (byte) 0x6a).putInt(0x202, 0x53726448);
    file.putShort(0x206, (short) 0x20f).putShort(0x20e, (short) 0x100);
    file.put(0x211, (byte) 0x83).putInt(0x214, 0x100000).putInt(0x22c, 0x7fffffff);
    file.putInt(0x230, 0x200000).put(0x234, (byte) 1).put(0x235, (byte) 21);
    file.putShort(0x236, (short) 0x7f).putInt(0x238, 2047);
    file.putInt(0x248, PAYLOAD_OFFSET).putInt(0x24c, payload.length + trailer);
    file.putLong(0x258, ENTRY).putInt(0x260, 0x800000);
    byte[] version = (VERSION + "\0").getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(version, 0, bytes, 0x300, version.length);
    System.arraycopy(payload, 0, bytes, payloadAt, payload.length);
    if (trailer > 0) {
      file.putInt(payloadAt + payload.length, vmlinux.length);
    }
    return bytes;
  }

  private static byte[] compress(byte[] content, String compression) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      if (compression.equals("lz4")) {
        compressLz4(content, bytes);
        return bytes.toByteArray();
      }
      try (OutputStream out = compressor(bytes, compression)) {
        out.write(content);
      }
      return bytes.toByteArray();
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  /** Two blocks, although one would do. */
  private static void compressLz4(byte[] content, ByteArrayOutputStream out) throws IOException {
    out.writeBytes(new byte[] {0x02, 0x21, 0x4c, 0x18});
    int half = content.length / 2;
    for (int begin : new int[] {0, half}) {
      ByteArrayOutputStream block = new ByteArrayOutputStream();
      try (OutputStream lz4 = new BlockLZ4CompressorOutputStream(block)) {
        lz4.write(content, begin, begin == 0 ? half : content.length - half);
      }
      out.writeBytes(littleEndian(new byte[4]).putInt(0, block.size()).array());
      out.writeBytes(block.toByteArray());
    }
  }

  /** With a small dictionary, as decoders reserve its size. */
  private static LZMA2Options lzma2() throws IOException {
    LZMA2Options options = new LZMA2Options();
    options.setDictSize(1 << 16);
    return options;
  }

  private static OutputStream compressor(OutputStream out, String compression) throws IOException {
    return switch (compression) {
      case "gzip" -> new GZIPOutputStream(out);
      case "xz" ->
          new XZOutputStream(out, new FilterOptions[] {new X86Options(), lzma2()}, XZ.CHECK_CRC32);
      case "zstd" -> new ZstdOutputStreamNoFinalizer(out);
      case "bzip2" -> new BZip2CompressorOutputStream(out, 1);
      case "lzma" -> new LZMAOutputStream(out, lzma2(), -1);
      default -> throw new IllegalArgumentException(compression);
    };
  }

  static ByteBuffer littleEndian(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
