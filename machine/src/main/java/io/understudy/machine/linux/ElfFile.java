package io.understudy.machine.linux;

import io.understudy.machine.BadImageException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The headers of a 64-bit x86 ELF executable, checked: what a segment or section says of the file
 * lies inside the file.
 *
 * <p>Source: ELF-64 object file format, version 1.5. It does not copy the bytes; nobody may change
 * them but {@link TscRewriter}, which works on a copy.
 *
 * @param entry physical address of the first instruction
 * @param segments what is to be loaded, in the order of the file
 * @param sections all sections, in the order of the file; empty if the file has no section headers
 */
record ElfFile(long entry, List<Segment> segments, List<Section> sections) {
  static final int MAGIC = 0x464c457f; // 0x7f 'E' 'L' 'F', little-endian

  /** Lowest address a kernel may be loaded to: below lies what the loader itself writes. */
  static final long LOWEST_ADDRESS = 0x100000;

  private static final int HEADER_SIZE = 64;
  private static final int PROGRAM_HEADER_SIZE = 56;
  private static final int SECTION_HEADER_SIZE = 64;
  private static final int CLASS_64_LITTLE_ENDIAN = 0x0102;
  private static final int TYPE_EXECUTABLE = 2;
  private static final int MACHINE_X86_64 = 62;
  private static final int SEGMENT_LOAD = 1;
  private static final int SECTION_NO_BITS = 8;
  private static final int SECTION_NULL = 0;
  private static final long FLAG_EXECUTABLE = 4;

  /**
   * One loadable segment.
   *
   * @param address guest-physical address
   * @param fileOffset where its content begins in the file
   * @param fileSize bytes that come from the file
   * @param memorySize bytes it occupies; the rest is zero
   */
  record Segment(long address, int fileOffset, int fileSize, long memorySize) {}

  /**
   * One section with content in the file.
   *
   * @param address virtual address it is linked at
   * @param fileOffset where its content begins in the file
   * @param size bytes in the file
   * @param executable whether it holds instructions
   */
  record Section(String name, long address, int fileOffset, int size, boolean executable) {}

  ElfFile {
    segments = List.copyOf(segments);
    sections = List.copyOf(sections);
  }

  static boolean isElf(byte[] bytes) {
    return bytes.length >= 4 && wrap(bytes).getInt(0) == MAGIC;
  }

  /**
   * Reads and checks the headers.
   *
   * @throws BadImageException if {@code bytes} are no x86-64 executable, or cut off
   */
  static ElfFile parse(String name, byte[] bytes) {
    ByteBuffer elf = wrap(bytes);
    if (bytes.length < HEADER_SIZE || elf.getInt(0) != MAGIC) {
      throw new BadImageException(
          name + ": not an ELF file of at least 64 bytes (7f 45 4c 46 ...): size=" + bytes.length);
    }
    if (elf.getShort(4) != CLASS_64_LITTLE_ENDIAN
        || elf.getShort(16) != TYPE_EXECUTABLE
        || elf.getShort(18) != MACHINE_X86_64) {
      throw new BadImageException(
          String.format(
              Locale.ROOT,
              "%s: must be a 64-bit little-endian x86-64 executable (class/data=0x102 type=2"
                  + " machine=62), is class/data=0x%x type=%d machine=%d",
              name,
              elf.getShort(4),
              elf.getShort(16),
              elf.getShort(18)));
    }
    List<Segment> segments = segments(name, elf);
    long entry = elf.getLong(24);
    if (segments.stream()
        .noneMatch(s -> entry >= s.address() && entry - s.address() < s.memorySize())) {
      throw new BadImageException(
          String.format(
              Locale.ROOT, "%s: entry point 0x%x lies in no loaded segment", name, entry));
    }
    return new ElfFile(entry, segments, sections(name, elf));
  }

  /** First address behind the kernel, zero-filled parts included. */
  long endAddress() {
    return segments.stream().mapToLong(s -> s.address() + s.memorySize()).max().orElseThrow();
  }

  private static List<Segment> segments(String name, ByteBuffer elf) {
    int count = elf.getShort(56) & 0xffff;
    int offset =
        table(name, "program headers", elf, elf.getLong(32), count, 54, PROGRAM_HEADER_SIZE);
    List<Segment> segments = new ArrayList<>();
    for (int index = 0; index < count; index++) {
      int at = offset + index * PROGRAM_HEADER_SIZE;
      if (elf.getInt(at) == SEGMENT_LOAD && elf.getLong(at + 40) != 0) {
        segments.add(segment(name, elf, at));
      }
    }
    if (segments.isEmpty()) {
      throw new BadImageException(name + ": has nothing to load (no PT_LOAD segment)");
    }
    return segments;
  }

  private static Segment segment(String name, ByteBuffer elf, int at) {
    long fileOffset = elf.getLong(at + 8);
    long address = elf.getLong(at + 24);
    long fileSize = elf.getLong(at + 32);
    long memorySize = elf.getLong(at + 40);
    boolean loadable =
        isInside(elf, fileOffset, fileSize)
            && memorySize >= fileSize
            && address >= LOWEST_ADDRESS
            && address <= Long.MAX_VALUE - memorySize;
    if (!loadable) {
      throw new BadImageException(
          String.format(
              Locale.ROOT,
              "%s: a segment cannot be loaded: address=0x%x (at least 0x%x) fileOffset=%d"
                  + " fileSize=%d memorySize=%d sizeOfFile=%d; is the file cut off?",
              name,
              address,
              LOWEST_ADDRESS,
              fileOffset,
              fileSize,
              memorySize,
              elf.capacity()));
    }
    return new Segment(address, (int) fileOffset, (int) fileSize, memorySize);
  }

  private static List<Section> sections(String name, ByteBuffer elf) {
    int count = elf.getShort(60) & 0xffff;
    if (count == 0) {
      return List.of();
    }
    int offset =
        table(name, "section headers", elf, elf.getLong(40), count, 58, SECTION_HEADER_SIZE);
    int namesIndex = elf.getShort(62) & 0xffff;
    long names =
        namesIndex < count ? elf.getLong(offset + namesIndex * SECTION_HEADER_SIZE + 24) : -1;
    List<Section> sections = new ArrayList<>();
    for (int index = 0; index < count; index++) {
      int at = offset + index * SECTION_HEADER_SIZE;
      int type = elf.getInt(at + 4);
      if (type == SECTION_NULL || type == SECTION_NO_BITS) {
        continue;
      }
      String label = label(elf, names, elf.getInt(at), index);
      long fileOffset = elf.getLong(at + 24);
      long size = elf.getLong(at + 32);
      if (!isInside(elf, fileOffset, size)) {
        throw new BadImageException(
            String.format(
                Locale.ROOT,
                "%s: section %s lies outside the file: fileOffset=%d size=%d sizeOfFile=%d; is the"
                    + " file cut off?",
                name,
                label,
                fileOffset,
                size,
                elf.capacity()));
      }
      boolean executable = (elf.getLong(at + 8) & FLAG_EXECUTABLE) != 0;
      sections.add(
          new Section(label, elf.getLong(at + 16), (int) fileOffset, (int) size, executable));
    }
    return sections;
  }

  private static int table(
      String name, String what, ByteBuffer elf, long offset, int count, int sizeAt, int size) {
    int actualSize = elf.getShort(sizeAt) & 0xffff;
    if ((count > 0 && actualSize != size)
        || offset < 0
        || !isInside(elf, offset, (long) count * size)) {
      throw new BadImageException(
          String.format(
              Locale.ROOT,
              "%s: %s lie outside the file or have another size: offset=%d count=%d size=%d"
                  + " (expected %d) sizeOfFile=%d; is the file cut off?",
              name,
              what,
              offset,
              count,
              actualSize,
              size,
              elf.capacity()));
    }
    return (int) offset;
  }

  private static boolean isInside(ByteBuffer elf, long offset, long size) {
    return offset >= 0 && size >= 0 && offset <= elf.capacity() && size <= elf.capacity() - offset;
  }

  /** The section's name, or its number when the table of names is unusable; for messages only. */
  private static String label(ByteBuffer elf, long names, int nameOffset, int index) {
    long begin = names + (nameOffset & 0xffffffffL);
    if (names < 0 || begin < 0 || begin >= elf.capacity()) {
      return "#" + index;
    }
    StringBuilder label = new StringBuilder();
    for (int at = (int) begin; at < elf.capacity() && label.length() < 64; at++) {
      char letter = (char) (elf.get(at) & 0xff);
      if (letter <= ' ' || letter > '~') {
        break;
      }
      label.append(letter);
    }
    return label.length() == 0 ? "#" + index : label.toString();
  }

  private static ByteBuffer wrap(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
