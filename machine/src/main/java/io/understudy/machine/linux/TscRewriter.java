package io.understudy.machine.linux;

import io.understudy.machine.BadImageException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Replaces every RDTSC and RDTSCP in a kernel's code by an OUT to a port of the machine's own.
 *
 * <p>KVM gives user space no exit for the time stamp counter, and Linux reads it whatever CPUID
 * says ({@code get_cycles()} in {@code arch/x86/include/asm/tsc.h}). A port write exits on every
 * host, changes no register, and is as long as RDTSC:
 *
 * <pre>
 *   RDTSC    0f 31      e6 pp      out %al, $pp
 *   RDTSCP   0f 01 f9   e6 qq 90   out %al, $qq; nop
 * </pre>
 *
 * <p>A form with prefixes becomes the OUT with a NOP for each byte left over. Lengths stay the
 * same, so no address changes, and copies which the kernel's alternatives make of replacement code
 * at boot are covered: {@code .altinstr_replacement} is rewritten like any other section.
 *
 * <h2>Where it looks</h2>
 *
 * All sections with SHF_EXECINSTR, decoded from their first byte to their last. Segments would not
 * do: the executable segments of vmlinux also hold read-only data, initial data and the vDSO, whose
 * RDTSC runs in user mode, where OUT would fault. A vmlinux without section headers is therefore
 * refused. Code that is data here is not seen: modules, the vDSO, programs.
 *
 * <h2>What is code</h2>
 *
 * A search for the bytes would also find them inside immediates and displacements; the report
 * counts these as {@code embedded}. Linear decoding gets out of step only where something in a
 * section is not 64-bit code, such as the 32-bit entry for hypervisors. Mostly that shows in an
 * undecodable byte; decoding continues at the next byte, and falls in step again after a few
 * instructions. As it cannot be known where, each undecodable byte makes {@value #DOUBTFUL_BYTES}
 * bytes before and behind it doubtful: a kernel which has the bytes of RDTSC or RDTSCP there, in
 * step or not, is refused rather than guessed at. Data within code that happens to decode
 * throughout and contains these bytes at the start of what seems an instruction would be changed;
 * kernels are built with their constants in other sections.
 */
public final class TscRewriter {
  /** Four times the longest instruction. */
  static final int DOUBTFUL_BYTES = 64;

  private static final byte OUT_IMMEDIATE_AL = (byte) 0xe6;
  private static final byte NOP = (byte) 0x90;

  private final String name;
  private final byte[] original;
  private final byte[] rewritten;
  private final byte rdtscPort;
  private final byte rdtscpPort;
  private final InstructionDecoder decoder = new InstructionDecoder();

  private TscRewriter(String name, byte[] vmlinux, int rdtscPort, int rdtscpPort) {
    this.name = name;
    this.original = vmlinux;
    this.rewritten = vmlinux.clone();
    this.rdtscPort = port(rdtscPort);
    this.rdtscpPort = port(rdtscpPort);
  }

  /**
   * Rewrites a kernel.
   *
   * @param rdtscPort port in [0, 255] to write to instead of RDTSC, {@link TimeStampPorts#RDTSC}
   * @param rdtscpPort the same for RDTSCP, {@link TimeStampPorts#RDTSCP}
   * @throws BadImageException if its code cannot be told from its data
   */
  public static RewrittenKernel rewrite(KernelFile kernel, int rdtscPort, int rdtscpPort) {
    TscRewriter rewriter =
        new TscRewriter(kernel.name(), kernel.sharedVmlinux(), rdtscPort, rdtscpPort);
    List<RewriteReport.Section> report = new ArrayList<>();
    for (ElfFile.Section section : executable(kernel)) {
      report.add(rewriter.rewrite(section));
    }
    return new RewrittenKernel(kernel, rewriter.rewritten, new RewriteReport(report));
  }

  private static List<ElfFile.Section> executable(KernelFile kernel) {
    List<ElfFile.Section> executable =
        kernel.elf().sections().stream().filter(ElfFile.Section::executable).toList();
    if (executable.isEmpty()) {
      throw new BadImageException(
          kernel.name()
              + ": vmlinux has no executable section ("
              + kernel.elf().sections().size()
              + " sections in all), so its code cannot be told from its data; give the kernel with"
              + " its section headers, as the kernel's build leaves it");
    }
    long total = executable.stream().mapToLong(ElfFile.Section::size).sum();
    if (total > kernel.sharedVmlinux().length) {
      throw new BadImageException(
          kernel.name()
              + ": executable sections overlap: together "
              + total
              + " bytes in a file of "
              + kernel.sharedVmlinux().length);
    }
    return executable;
  }

  private RewriteReport.Section rewrite(ElfFile.Section section) {
    Map<HostInstruction, Long> found = new EnumMap<>(HostInstruction.class);
    int end = section.fileOffset() + section.size();
    long instructions = 0;
    long undecodable = 0;
    int trustedFrom = section.fileOffset();
    int at = section.fileOffset();
    while (at < end) {
      int length = decoder.decode(original, at, end);
      if (length == 0) {
        undecodable++;
        trustedFrom = refuseDoubtful(section, at, trustedFrom);
        at++;
        continue;
      }
      instructions++;
      HostInstruction kind = decoder.kind();
      if (kind != HostInstruction.NONE) {
        found.merge(kind, 1L, Long::sum);
        replace(kind, at, length);
      }
      at += length;
    }
    long replaced =
        found.getOrDefault(HostInstruction.RDTSC, 0L)
            + found.getOrDefault(HostInstruction.RDTSCP, 0L);
    return new RewriteReport.Section(
        section.name(),
        section.address(),
        section.size(),
        instructions,
        undecodable,
        occurrences(section) - replaced,
        found);
  }

  private void replace(HostInstruction kind, int at, int length) {
    if (kind != HostInstruction.RDTSC && kind != HostInstruction.RDTSCP) {
      return;
    }
    rewritten[at] = OUT_IMMEDIATE_AL;
    rewritten[at + 1] = kind == HostInstruction.RDTSC ? rdtscPort : rdtscpPort;
    for (int rest = 2; rest < length; rest++) {
      rewritten[at + rest] = NOP;
    }
  }

  /**
   * Refuses the kernel if the surroundings of an undecodable byte hold what might be RDTSC.
   *
   * @param from where to begin at the earliest: what lies before has been looked at
   * @return where to begin next time
   */
  private int refuseDoubtful(ElfFile.Section section, int undecodable, int from) {
    int sectionEnd = section.fileOffset() + section.size();
    int begin = Math.max(from, undecodable - DOUBTFUL_BYTES);
    int end = Math.min(sectionEnd, undecodable + DOUBTFUL_BYTES);
    for (int at = begin; at < end; at++) {
      if (isTimeStampRead(at, sectionEnd)) {
        throw new BadImageException(
            String.format(
                Locale.ROOT,
                "%s: section %s has what may be RDTSC or RDTSCP at 0x%x, but the bytes at 0x%x are"
                    + " no 64-bit instruction, so it cannot be known to be code; this kernel cannot"
                    + " be made deterministic by rewriting",
                name,
                section.name(),
                section.address() + (at - section.fileOffset()),
                section.address() + (undecodable - section.fileOffset())));
      }
    }
    return Math.max(from, end);
  }

  private long occurrences(ElfFile.Section section) {
    int end = section.fileOffset() + section.size();
    long count = 0;
    for (int at = section.fileOffset(); at < end; at++) {
      if (isTimeStampRead(at, end)) {
        count++;
      }
    }
    return count;
  }

  /** Whether the bytes of RDTSC or RDTSCP stand at {@code at}, whatever they belong to. */
  private boolean isTimeStampRead(int at, int end) {
    if (original[at] != 0x0f || at + 1 >= end) {
      return false;
    }
    return original[at + 1] == 0x31
        || (original[at + 1] == 0x01 && at + 2 < end && original[at + 2] == (byte) 0xf9);
  }

  private static byte port(int port) {
    if (port < 0 || port > 0xff) {
      throw new IllegalArgumentException("a port for OUT must be in [0, 255]: port=" + port);
    }
    return (byte) port;
  }
}
