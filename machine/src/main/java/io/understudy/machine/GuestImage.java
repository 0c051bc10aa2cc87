package io.understudy.machine;

import io.understudy.schemas.Attachments;
import io.understudy.schemas.Hashes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;

/**
 * A guest's program image: a statically linked 64-bit ELF file, loaded at its physical addresses
 * and entered at {@code e_entry} in long mode, as Linux's vmlinux is.
 *
 * <p>Immutable. Source of the layout: ELF-64 object file format, version 1.5, and the x86 boot
 * protocol (Linux {@code Documentation/arch/x86/boot.rst}, 64-bit entry).
 */
public final class GuestImage implements GuestProgram {
  private static final int ELF_HEADER_SIZE = 64;
  private static final int PROGRAM_HEADER_SIZE = 56;
  private static final int ELF_MAGIC = 0x464c457f; // 0x7f 'E' 'L' 'F', little-endian
  private static final int CLASS_64_LITTLE_ENDIAN = 0x0102;
  private static final int TYPE_EXECUTABLE = 2;
  private static final int MACHINE_X86_64 = 62;
  private static final int SEGMENT_LOAD = 1;

  /** Lowest address an image may use: below lies what the loader itself writes. */
  static final long LOWEST_ADDRESS = 0x100000;

  private final String name;
  private final byte[] bytes;
  private final long entry;
  private final List<Segment> segments;
  private final byte[] sha256;

  /**
   * One loadable segment.
   *
   * @param address guest-physical address
   * @param fileOffset where its content begins in the file
   * @param fileSize bytes that come from the file
   * @param memorySize bytes it occupies; the rest is zero
   */
  record Segment(long address, int fileOffset, int fileSize, long memorySize) {}

  private GuestImage(String name, byte[] bytes, long entry, List<Segment> segments) {
    this.name = name;
    this.bytes = bytes;
    this.entry = entry;
    this.segments = List.copyOf(segments);
    this.sha256 = Hashes.sha256(bytes);
  }

  /**
   * Reads an image from a file.
   *
   * @throws BadImageException if the file cannot be read or is no 64-bit x86 ELF executable
   */
  public static GuestImage read(Path file) {
    try {
      return parse(file.toString(), Files.readAllBytes(file));
    } catch (IOException failure) {
      throw new BadImageException(file + ": cannot be read: " + failure, failure);
    }
  }

  /**
   * Takes an image from memory.
   *
   * @param name what to call it in messages
   * @throws BadImageException if it is no 64-bit x86 ELF executable
   */
  public static GuestImage parse(String name, byte[] content) {
    Objects.requireNonNull(name, "name");
    byte[] bytes = content.clone();
    ByteBuffer elf = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    if (bytes.length < ELF_HEADER_SIZE || elf.getInt(0) != ELF_MAGIC) {
      throw new BadImageException(name + ": not an ELF file (first bytes must be 7f 45 4c 46)");
    }
    if (elf.getShort(4) != CLASS_64_LITTLE_ENDIAN
        || elf.getShort(16) != TYPE_EXECUTABLE
        || elf.getShort(18) != MACHINE_X86_64) {
      throw new BadImageException(
          name
              + ": must be a 64-bit little-endian x86-64 executable (ET_EXEC), is class/data=0x"
              + Integer.toHexString(elf.getShort(4) & 0xffff)
              + " type="
              + elf.getShort(16)
              + " machine="
              + elf.getShort(18));
    }
    long headerOffset = elf.getLong(32);
    int headerSize = elf.getShort(54) & 0xffff;
    int count = elf.getShort(56) & 0xffff;
    if (headerSize != PROGRAM_HEADER_SIZE
        || headerOffset < ELF_HEADER_SIZE
        || headerOffset + (long) count * headerSize > bytes.length) {
      throw new BadImageException(
          name
              + ": program headers lie outside the file: offset="
              + headerOffset
              + " count="
              + count
              + " size="
              + headerSize
              + " fileSize="
              + bytes.length);
    }
    List<Segment> segments = new ArrayList<>();
    for (int index = 0; index < count; index++) {
      int at = (int) headerOffset + index * headerSize;
      if (elf.getInt(at) == SEGMENT_LOAD && elf.getLong(at + 40) > 0) {
        segments.add(segment(name, elf, at));
      }
    }
    if (segments.isEmpty()) {
      throw new BadImageException(name + ": has nothing to load (no PT_LOAD segment)");
    }
    long entry = elf.getLong(24);
    boolean entryLoaded =
        segments.stream()
            .anyMatch(s -> entry >= s.address() && entry < s.address() + s.memorySize());
    if (!entryLoaded) {
      throw new BadImageException(
          name + ": entry point 0x" + Long.toHexString(entry) + " is in no loaded segment");
    }
    return new GuestImage(name, bytes, entry, segments);
  }

  private static Segment segment(String name, ByteBuffer elf, int at) {
    long fileOffset = elf.getLong(at + 8);
    long address = elf.getLong(at + 24);
    long fileSize = elf.getLong(at + 32);
    long memorySize = elf.getLong(at + 40);
    boolean inFile = fileOffset >= 0 && fileSize >= 0 && fileSize <= elf.capacity() - fileOffset;
    if (!inFile || fileSize > memorySize || address < LOWEST_ADDRESS || memorySize < 0) {
      throw new BadImageException(
          name
              + ": segment cannot be loaded: address=0x"
              + Long.toHexString(address)
              + " (at least 0x"
              + Long.toHexString(LOWEST_ADDRESS)
              + ") fileOffset="
              + fileOffset
              + " fileSize="
              + fileSize
              + " memorySize="
              + memorySize
              + " sizeOfFile="
              + elf.capacity());
    }
    return new Segment(address, (int) fileOffset, (int) fileSize, memorySize);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public byte[] sha256() {
    return sha256.clone();
  }

  @Override
  public String boot() {
    return Attachments.ELF;
  }

  @Override
  public String initrdSha256() {
    return "";
  }

  /** {@link #sha256} in lower-case hexadecimal. */
  public String sha256Hex() {
    return HexFormat.of().formatHex(sha256);
  }

  /** Address of the first instruction. */
  long entry() {
    return entry;
  }

  List<Segment> segments() {
    return segments;
  }

  /** First address behind the image, zero-filled parts included. */
  long endAddress() {
    return segments.stream().mapToLong(s -> s.address() + s.memorySize()).max().orElseThrow();
  }

  byte[] bytes() {
    return bytes;
  }

  @Override
  public String toString() {
    return name + " sha256=" + sha256Hex();
  }
}
