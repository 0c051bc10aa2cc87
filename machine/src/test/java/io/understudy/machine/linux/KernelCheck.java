package io.understudy.machine.linux;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Compares the decoder and the rewriter with objdump over whole kernels; a program, because kernels
 * are not checked in. {@code src/test/scripts/check-kernels} runs it.
 *
 * <p>For each kernel: every boundary of every executable section as {@code objdump -d -z} sees it,
 * and the same again after rewriting, where no RDTSC may be left. Two habits of objdump are undone:
 * it shows FWAIT and the x87 instruction behind it as one, and prefixes that mean nothing to the
 * instruction as lines of their own. Exit code 1 if anything differs.
 */
final class KernelCheck {
  private static final int SHOWN_MISMATCHES = 20;

  private long instructions;
  private long mismatches;
  private long bad;
  private final Map<String, Long> mnemonics = new TreeMap<>();

  private KernelCheck() {}

  public static void main(String[] arguments) throws IOException, InterruptedException {
    boolean passed = arguments.length > 0;
    for (String file : arguments) {
      passed &= check(Path.of(file));
    }
    if (!passed) {
      System.exit(1);
    }
  }

  private static boolean check(Path file) throws IOException, InterruptedException {
    long began = System.nanoTime();
    KernelFile kernel = KernelFile.read(file);
    long read = System.nanoTime();
    RewrittenKernel rewritten =
        TscRewriter.rewrite(kernel, TimeStampPorts.RDTSC, TimeStampPorts.RDTSCP);
    long done = System.nanoTime();
    RewriteReport report = rewritten.report();
    System.out.println(kernel + " compression=" + kernel.compression());
    System.out.println(report);
    KernelCheck before = compare(kernel.elf(), kernel.vmlinux());
    KernelCheck after = compare(kernel.elf(), rewritten.vmlinux());
    System.out.printf(
        "readMs=%d rewriteMs=%d%nbefore: %s%nafter: %s%n",
        (read - began) / 1_000_000, (done - read) / 1_000_000, before, after);
    boolean passed =
        before.mismatches == 0
            && after.mismatches == 0
            && before.count("rdtsc") == report.count(HostInstruction.RDTSC)
            && before.count("rdtscp") == report.count(HostInstruction.RDTSCP)
            && before.instructions == report.instructions()
            && after.count("rdtsc") == 0
            && after.count("rdtscp") == 0;
    System.out.println(passed ? "PASS" : "FAIL");
    return passed;
  }

  private static KernelCheck compare(ElfFile elf, byte[] vmlinux)
      throws IOException, InterruptedException {
    Path copy = Files.createTempFile("kernel-check", ".elf");
    try {
      Files.write(copy, vmlinux);
      KernelCheck check = new KernelCheck();
      for (ElfFile.Section section : elf.sections()) {
        if (section.executable()) {
          check.compare(copy, section, vmlinux);
        }
      }
      return check;
    } finally {
      Files.delete(copy);
    }
  }

  private void compare(Path file, ElfFile.Section section, byte[] vmlinux)
      throws IOException, InterruptedException {
    Process objdump =
        new ProcessBuilder("objdump", "-d", "-z", "-w", "-j", section.name(), file.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    InstructionDecoder decoder = new InstructionDecoder();
    int end = section.fileOffset() + section.size();
    int at = section.fileOffset();
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(objdump.getInputStream(), StandardCharsets.US_ASCII))) {
      for (Line line : merged(lines)) {
        int expectedAt = (int) (line.address() - section.address()) + section.fileOffset();
        int length = decoder.decode(vmlinux, at, end);
        boolean isBad = line.text().contains("(bad)");
        if (at != expectedAt || (isBad ? length != 0 : length != line.length())) {
          mismatch(section, line, at, length);
        }
        at = expectedAt + line.length();
        if (isBad) {
          bad++;
        } else {
          instructions++;
          mnemonics.merge(line.text().split(" ", 2)[0], 1L, Long::sum);
        }
      }
    }
    if (objdump.waitFor() != 0 || at != end) {
      throw new IOException("objdump did not show all of " + section);
    }
  }

  private void mismatch(ElfFile.Section section, Line line, int at, int length) {
    mismatches++;
    if (mismatches <= SHOWN_MISMATCHES) {
      System.out.printf(
          "mismatch: %s objdump=0x%x length=%d %s; decoder=0x%x length=%d%n",
          section.name(),
          line.address(),
          line.length(),
          line.text(),
          section.address() + (at - section.fileOffset()),
          length);
    }
  }

  /** One line of objdump: {@code address: bytes instruction}, separated by tabs. */
  private record Line(long address, int length, String text) {}

  private static List<Line> merged(BufferedReader in) throws IOException {
    List<Line> lines = new ArrayList<>();
    Line prefix = null;
    for (String text = in.readLine(); text != null; text = in.readLine()) {
      String[] fields = text.split("\t", 3);
      if (fields.length < 3) {
        continue;
      }
      long address =
          Long.parseUnsignedLong(
              fields[0].strip().substring(0, fields[0].strip().length() - 1), 16);
      String bytes = fields[1].strip();
      Line line = new Line(address, (bytes.length() + 1) / 3, fields[2].strip());
      if (bytes.startsWith("9b ")) {
        lines.add(new Line(address, 1, "fwait"));
        line = new Line(address + 1, line.length() - 1, line.text());
      }
      if (prefix != null) {
        line = new Line(prefix.address(), prefix.length() + line.length(), line.text());
        prefix = null;
      }
      if (isPrefix(line.text())) {
        prefix = line;
      } else {
        lines.add(line);
      }
    }
    return lines;
  }

  private static boolean isPrefix(String text) {
    return text.matches("(rex(\\.[WRXB]+)?|data16|addr32|lock|repn?z|[cdefgs]s)( |$)*");
  }

  private long count(String mnemonic) {
    return mnemonics.getOrDefault(mnemonic, 0L);
  }

  @Override
  public String toString() {
    return "instructions="
        + instructions
        + " mismatches="
        + mismatches
        + " bad="
        + bad
        + " rdtsc="
        + count("rdtsc")
        + " rdtscp="
        + count("rdtscp");
  }
}
