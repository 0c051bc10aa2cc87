package io.understudy.benchmarks.vms;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;

/**
 * What a process has used so far, as the kernel counts it (proc(5)).
 *
 * @param cpuMillis processor time of all its threads, in user mode (guests included) and in the
 *     kernel; in steps of 10 ms
 * @param rssKib memory that it has in the host's RAM now, KiB; pages that it shares with other
 *     processes count in each
 * @param peakKib the most that was, KiB
 */
record Usage(long cpuMillis, long rssKib, long peakKib) {
  static final Usage NONE = new Usage(0, 0, 0);

  /** The kernel's USER_HZ is 100 on x86-64, whatever its own clock. */
  private static final long MILLIS_PER_TICK = 10;

  /** Fields of {@code stat}, counted from 0 behind the command. */
  private static final int UTIME = 11;

  private static final int STIME = 12;

  /** Reads that of a living process. */
  static Usage of(long pid) throws IOException {
    Path directory = Path.of("/proc", Long.toString(pid));
    try {
      return parse(
          Files.readString(directory.resolve("stat")),
          Files.readAllLines(directory.resolve("status")));
    } catch (NoSuchFileException gone) {
      throw new IllegalStateException("a measured process has ended: pid=" + pid, gone);
    }
  }

  /**
   * Takes the figures from the files {@code stat} and {@code status} of a process.
   *
   * @throws IllegalStateException if they are not there; a process that has ended has no memory
   */
  static Usage parse(String stat, List<String> status) {
    // The command is in parentheses and may hold spaces and parentheses itself.
    String[] fields = stat.substring(stat.lastIndexOf(')') + 1).trim().split(" ", -1);
    if (fields.length <= STIME) {
      throw new IllegalStateException("no stat of a process: " + stat);
    }
    long ticks = Long.parseLong(fields[UTIME]) + Long.parseLong(fields[STIME]);
    return new Usage(ticks * MILLIS_PER_TICK, kib(status, "VmRSS:"), kib(status, "VmHWM:"));
  }

  private static long kib(List<String> status, String name) {
    for (String line : status) {
      if (line.startsWith(name)) {
        String[] words = line.substring(name.length()).trim().split(" ", -1);
        if (words.length == 2 && words[1].equals("kB")) {
          return Long.parseLong(words[0]);
        }
      }
    }
    throw new IllegalStateException(
        "the status of a process lacks a size, has it ended? field=" + name + " status=" + status);
  }

  /** Of both together; peaks may have been at different times. */
  Usage plus(Usage other) {
    return new Usage(cpuMillis + other.cpuMillis, rssKib + other.rssKib, peakKib + other.peakKib);
  }
}
