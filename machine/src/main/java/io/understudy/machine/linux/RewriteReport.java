package io.understudy.machine.linux;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;

/**
 * What {@link TscRewriter} saw and did, one entry for each executable section in the order of the
 * file. Immutable.
 */
public record RewriteReport(List<Section> sections) {
  /** Takes a copy of the list. */
  public RewriteReport {
    sections = List.copyOf(sections);
  }

  /**
   * Counts of one section.
   *
   * @param name such as {@code .text}
   * @param address virtual address the section is linked at
   * @param sizeBytes size in the file
   * @param instructions instructions decoded
   * @param undecodableBytes bytes at which no instruction of 64-bit mode begins, such as code for
   *     32-bit mode; decoding went on one byte later
   * @param embedded places where a search for the bytes of RDTSC (0F 31) or RDTSCP (0F 01 F9) would
   *     have found them inside another instruction; left alone
   * @param found how often each instruction that depends on the host occurs; RDTSC and RDTSCP were
   *     replaced, the others are information
   */
  public record Section(
      String name,
      long address,
      int sizeBytes,
      long instructions,
      long undecodableBytes,
      long embedded,
      Map<HostInstruction, Long> found) {
    /** Takes a copy of the map, in the order of the enum. */
    public Section {
      Map<HostInstruction, Long> copy = new EnumMap<>(HostInstruction.class);
      copy.putAll(found);
      found = Collections.unmodifiableMap(copy);
    }

    /** How often {@code kind} occurs. */
    public long count(HostInstruction kind) {
      return found.getOrDefault(kind, 0L);
    }
  }

  /** How often {@code kind} occurs in all sections. */
  public long count(HostInstruction kind) {
    return sum(section -> section.count(kind));
  }

  /** Instructions decoded in all sections. */
  public long instructions() {
    return sum(Section::instructions);
  }

  /** {@link Section#undecodableBytes} of all sections. */
  public long undecodableBytes() {
    return sum(Section::undecodableBytes);
  }

  /** {@link Section#embedded} of all sections. */
  public long embedded() {
    return sum(Section::embedded);
  }

  private long sum(ToLongFunction<Section> value) {
    return sections.stream().mapToLong(value).sum();
  }

  /** One line a section, for people. */
  @Override
  public String toString() {
    List<String> lines = new ArrayList<>();
    for (Section section : sections) {
      lines.add(
          section.name()
              + ": address=0x"
              + Long.toHexString(section.address())
              + " sizeBytes="
              + section.sizeBytes()
              + " instructions="
              + section.instructions()
              + " undecodableBytes="
              + section.undecodableBytes()
              + " embedded="
              + section.embedded()
              + " found="
              + section.found());
    }
    return String.join("\n", lines);
  }
}
