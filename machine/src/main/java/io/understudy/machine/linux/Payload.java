package io.understudy.machine.linux;

import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import io.understudy.machine.BadImageException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorInputStream;
import org.tukaani.xz.LZMAInputStream;
import org.tukaani.xz.SingleXZInputStream;

/**
 * Decompresses the payload of a bzImage, with bounds on time and memory whatever the bytes are.
 *
 * <p>A payload ends in four bytes with the length of the decompressed kernel, little-endian: gzip
 * has it in its own format, for the others the kernel's build appends it ({@code
 * scripts/Makefile.lib}, {@code size_append}). The length is checked before (so that a damaged file
 * cannot ask for much memory) and after. Source of the magic numbers: {@code
 * Documentation/arch/x86/boot.rst}, field payload_offset, and {@code lib/decompress.c}.
 */
final class Payload {
  /** The largest kernel accepted, decompressed. */
  static final long MAX_BYTES = 512L << 20;

  private static final int TRAILER = 4;

  /** What a decoder may use for its dictionary; the kernel's build uses up to 128 MiB. */
  private static final int MEMORY_LIMIT_KIB = 256 << 10;

  private static final List<Compression> KNOWN =
      List.of(
          new Compression("gzip", "1f8b", true, GZIPInputStream::new),
          new Compression("xz", "fd377a585a00", false, Payload::xz),
          new Compression("lz4", "02214c18", false, Lz4LegacyInputStream::new),
          new Compression("zstd", "28b52ffd", false, ZstdInputStreamNoFinalizer::new),
          new Compression("bzip2", "425a68", false, BZip2CompressorInputStream::new),
          new Compression("lzma", "5d0000", false, Payload::lzma),
          new Compression("lzo", "894c5a", false, null));

  private Payload() {}

  /** A decompressed kernel and what it was compressed with. */
  record Content(byte[] bytes, String compression) {}

  private interface Opener {
    InputStream open(InputStream compressed) throws IOException;
  }

  /**
   * A way to compress a kernel.
   *
   * @param magic its first bytes in hexadecimal
   * @param ownTrailer whether the length at the end belongs to the format itself
   * @param opener gives the decompressed bytes; null if there is no way to
   */
  private record Compression(String name, String magic, boolean ownTrailer, Opener opener) {
    boolean matches(byte[] file, int at, int length) {
      byte[] first = HexFormat.of().parseHex(magic);
      return length >= first.length
          && Arrays.equals(file, at, at + first.length, first, 0, first.length);
    }
  }

  /**
   * Decompresses {@code length} bytes from {@code offset}, which lie within {@code file}.
   *
   * @param name what to call the file in messages
   * @throws BadImageException if they are no compressed kernel of a supported kind, are damaged, or
   *     grow beyond {@link #MAX_BYTES}
   */
  static Content decompress(String name, byte[] file, int offset, int length) {
    Compression compression = compressionOf(name, file, offset, length);
    int trailerAt = offset + length - TRAILER;
    long promised = 0;
    for (int index = TRAILER - 1; index >= 0; index--) {
      promised = (promised << 8) | (file[trailerAt + index] & 0xff);
    }
    if (promised == 0 || promised > MAX_BYTES) {
      throw new BadImageException(
          String.format(
              Locale.ROOT,
              "%s: decompressed length at 0x%x must be in [1, %d], is %d: the file is damaged or"
                  + " cut off",
              name,
              trailerAt,
              MAX_BYTES,
              promised));
    }
    int compressed = compression.ownTrailer() ? length : length - TRAILER;
    byte[] content =
        read(name, compression, new ByteArrayInputStream(file, offset, compressed), promised);
    return new Content(content, compression.name());
  }

  private static Compression compressionOf(String name, byte[] file, int offset, int length) {
    for (Compression known : KNOWN) {
      if (length > TRAILER && known.matches(file, offset, length - TRAILER)) {
        if (known.opener() == null) {
          throw new BadImageException(
              name
                  + ": compressed with "
                  + known.name()
                  + " which is not supported; give the vmlinux ELF file, or a kernel compressed"
                  + " with gzip, xz, lz4, zstd, bzip2 or lzma");
        }
        return known;
      }
    }
    throw new BadImageException(
        String.format(
            Locale.ROOT,
            "%s: the payload at 0x%x is compressed with something unknown: first bytes %s;"
                + " supported are gzip, xz, lz4, zstd, bzip2 and lzma",
            name,
            offset,
            HexFormat.of().formatHex(file, offset, offset + Math.max(0, Math.min(8, length)))));
  }

  private static byte[] read(
      String name, Compression compression, InputStream compressed, long promised) {
    byte[] content;
    try (InputStream in = compression.opener().open(compressed)) {
      // One byte more than promised shows a stream that does not end where it should. The buffer
      // grows with what arrives, so a false promise costs nothing.
      content = in.readNBytes((int) promised + 1);
    } catch (IOException | RuntimeException damaged) {
      // Unchecked ones too: the libraries index arrays with what hostile bytes say.
      throw new BadImageException(
          name + ": the " + compression.name() + " payload cannot be decompressed: " + damaged,
          damaged);
    }
    if (content.length != promised) {
      throw new BadImageException(
          name
              + ": the "
              + compression.name()
              + " payload is damaged: expected "
              + promised
              + " decompressed bytes, actual "
              + (content.length > promised ? "more" : content.length));
    }
    return content;
  }

  private static InputStream xz(InputStream compressed) throws IOException {
    return new SingleXZInputStream(compressed, MEMORY_LIMIT_KIB);
  }

  private static InputStream lzma(InputStream compressed) throws IOException {
    return new LZMAInputStream(compressed, MEMORY_LIMIT_KIB);
  }
}
