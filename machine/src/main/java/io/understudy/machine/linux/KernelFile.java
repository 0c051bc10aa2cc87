package io.understudy.machine.linux;

import io.understudy.machine.BadImageException;
import io.understudy.schemas.Hashes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Optional;

/**
 * A Linux kernel as it comes in a file: a bzImage, which distributions call vmlinuz, or the ELF
 * file vmlinux. Holds the kernel proper, decompressed, so that no guest spends its time on that.
 *
 * <p>Immutable. A bzImage must have boot protocol 2.12 (Linux 3.8) or later and a 64-bit entry; its
 * payload may be compressed with gzip, xz, lz4, zstd, bzip2 or lzma. Neither file nor kernel may be
 * larger than 512 MiB: a vmlinux with debug information must be stripped ({@code strip -g}).
 */
public final class KernelFile {
  private static final byte[] BANNER = "Linux version ".getBytes(StandardCharsets.US_ASCII);

  private final String name;
  private final byte[] sha256;
  private final SetupHeader header;
  private final byte[] vmlinux;
  private final ElfFile elf;
  private final String compression;

  private KernelFile(
      String name, byte[] content, SetupHeader header, byte[] vmlinux, String compression) {
    this.name = name;
    this.sha256 = Hashes.sha256(content);
    this.header = header;
    this.vmlinux = vmlinux;
    this.elf = ElfFile.parse(header.isSynthetic() ? name : name + " (decompressed)", vmlinux);
    this.compression = compression;
  }

  /**
   * Reads a kernel from a file.
   *
   * @throws BadImageException if the file cannot be read or is no kernel this machine can boot
   */
  public static KernelFile read(Path file) {
    try {
      long size = Files.size(file);
      if (size > Payload.MAX_BYTES) {
        throw tooLarge(file.toString(), size);
      }
      return of(file.toString(), Files.readAllBytes(file));
    } catch (IOException failure) {
      throw new BadImageException(file + ": cannot be read: " + failure, failure);
    }
  }

  /**
   * Takes a kernel from memory.
   *
   * @param name what to call it in messages
   * @throws BadImageException if it is no kernel this machine can boot
   */
  public static KernelFile parse(String name, byte[] content) {
    Objects.requireNonNull(name, "name");
    return of(name, content.clone());
  }

  private static KernelFile of(String name, byte[] content) {
    if (content.length > Payload.MAX_BYTES) {
      throw tooLarge(name, content.length);
    }
    if (ElfFile.isElf(content)) {
      SetupHeader header = SetupHeader.synthetic(banner(content));
      return new KernelFile(name, content, header, content, "none");
    }
    if (SetupHeader.isIn(content)) {
      SetupHeader header = SetupHeader.of(name, content);
      Payload.Content payload = payload(name, header, content);
      return new KernelFile(name, content, header, payload.bytes(), payload.compression());
    }
    throw new BadImageException(
        name
            + ": not a Linux kernel: first bytes "
            + HexFormat.of().formatHex(content, 0, Math.min(8, content.length))
            + ", size="
            + content.length
            + "; expected an x86-64 bzImage (\"HdrS\" at 0x202) or vmlinux (7f454c46 at 0)");
  }

  private static Payload.Content payload(String name, SetupHeader header, byte[] content) {
    long offset = header.protectedModeOffset() + header.payloadOffset();
    long length = header.payloadLength();
    if (header.payloadOffset() == 0 || length == 0 || offset + length > content.length) {
      throw new BadImageException(
          name
              + ": the payload must lie within the file: offset="
              + offset
              + " length="
              + length
              + " sizeOfFile="
              + content.length
              + "; is the file cut off?");
    }
    return Payload.decompress(name, content, (int) offset, (int) length);
  }

  /**
   * The text behind "Linux version " in a vmlinux, to the end of the line; null if there is none.
   */
  private static String banner(byte[] vmlinux) {
    for (int at = 0; at < vmlinux.length - BANNER.length; at++) {
      int begin = at + BANNER.length;
      if (vmlinux[at] != 'L'
          || vmlinux[begin] < '0'
          || vmlinux[begin] > '9'
          || !Arrays.equals(vmlinux, at, begin, BANNER, 0, BANNER.length)) {
        continue;
      }
      int end = begin;
      while (end < vmlinux.length && vmlinux[end] >= ' ' && vmlinux[end] < 0x7f) {
        end++;
      }
      return new String(vmlinux, begin, Math.min(end - begin, 256), StandardCharsets.US_ASCII);
    }
    return null;
  }

  private static BadImageException tooLarge(String name, long size) {
    return new BadImageException(
        name
            + ": larger than a kernel may be: expected at most "
            + Payload.MAX_BYTES
            + " bytes, actual "
            + size
            + "; strip debug information from a vmlinux");
  }

  /** What to call this kernel in messages. */
  public String name() {
    return name;
  }

  /** SHA-256 of the file as it was given, not of the kernel inside. */
  public byte[] sha256() {
    return sha256.clone();
  }

  /** {@link #sha256} in lower-case hexadecimal. */
  public String sha256Hex() {
    return HexFormat.of().formatHex(sha256);
  }

  /** The header for boot_params: the file's own, or one made here for a bare vmlinux. */
  public SetupHeader header() {
    return header;
  }

  /** What the kernel calls itself, such as {@code 6.1.0-56-amd64 (...) #1 SMP}. */
  public Optional<String> kernelVersion() {
    return header.kernelVersion();
  }

  /** What the payload was compressed with, in lower case; {@code none} for a bare vmlinux. */
  public String compression() {
    return compression;
  }

  /** The kernel proper, a copy: an ELF file, which relocation data may follow. */
  public byte[] vmlinux() {
    return vmlinux.clone();
  }

  byte[] sharedVmlinux() {
    return vmlinux;
  }

  ElfFile elf() {
    return elf;
  }

  @Override
  public String toString() {
    return name + " version=" + kernelVersion().orElse("unknown") + " sha256=" + sha256Hex();
  }
}
