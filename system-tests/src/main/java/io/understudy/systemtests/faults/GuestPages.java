package io.understudy.systemtests.faults;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;

/**
 * Guest memory of a process of this host, as the kernel shows it to root: a fault of the host's
 * memory is made by changing it there. Owned by one thread.
 */
final class GuestPages {
  private static final int PAGE_BYTES = 4096;
  private static final long LOOK_NANOS = 300_000_000;

  private final Path memory;
  private final long address;
  private final int bytes;

  private GuestPages(Path memory, long address, int bytes) {
    this.memory = memory;
    this.address = address;
    this.bytes = bytes;
  }

  /**
   * Finds it. Only guest memory is mapped without a reserve and with huge pages forbidden; a
   * machine also has a copy of it, for comparison, which cannot be told from it from outside.
   *
   * @param mebibytes of guest memory
   * @return those that are being written: guest memory, and perhaps its copy
   */
  static List<GuestPages> of(long pid, int mebibytes) {
    Path process = Path.of("/proc", Long.toString(pid));
    int bytes = mebibytes << 20;
    List<GuestPages> busy = new ArrayList<>();
    for (long address : candidates(process, bytes)) {
      GuestPages pages = new GuestPages(process.resolve("mem"), address, bytes);
      byte[] before = pages.read();
      LockSupport.parkNanos(LOOK_NANOS);
      if (!busyPages(before, pages.read()).isEmpty()) {
        busy.add(pages);
      }
    }
    if (busy.isEmpty()) {
      throw new IllegalStateException("no guest memory is being written: pid=" + pid);
    }
    return busy;
  }

  private static List<Long> candidates(Path process, int bytes) {
    List<Long> found = new ArrayList<>();
    long from = 0;
    long to = 0;
    try {
      for (String line : Files.readAllLines(process.resolve("smaps"))) {
        if (line.matches("[0-9a-f]+-[0-9a-f]+ .*")) {
          String[] range = line.substring(0, line.indexOf(' ')).split("-", -1);
          from = Long.parseUnsignedLong(range[0], 16);
          to = Long.parseUnsignedLong(range[1], 16);
        } else if (line.startsWith("VmFlags: rd wr")
            && line.contains(" nr ")
            && line.contains(" nh")) {
          for (long address = from; to - address >= bytes; address += bytes) {
            found.add(address);
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read a process's mappings: process=" + process, e);
    }
    return found;
  }

  /** All of it, while it is being changed. */
  byte[] read() {
    byte[] content = new byte[bytes];
    try (RandomAccessFile open = new RandomAccessFile(memory.toFile(), "r")) {
      open.seek(address);
      open.readFully(content);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read guest memory: file=" + memory, e);
    }
    return content;
  }

  byte read(int offset) {
    try (RandomAccessFile open = new RandomAccessFile(memory.toFile(), "r")) {
      open.seek(address + offset);
      return open.readByte();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read guest memory: file=" + memory, e);
    }
  }

  void write(int offset, byte value) {
    try (RandomAccessFile open = new RandomAccessFile(memory.toFile(), "rw")) {
      open.seek(address + offset);
      open.write(value);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write guest memory: file=" + memory, e);
    }
  }

  /**
   * A byte that did not change between two looks, in a page that did: its page is compared at the
   * next mark, as those are that the guest writes, and it will hardly be written over before.
   *
   * @return its offset, or -1 if no page has changed
   */
  static int quietByteOfBusyPage(byte[] before, byte[] after, Random random) {
    List<Integer> busy = busyPages(before, after);
    if (busy.isEmpty()) {
      return -1;
    }
    int page = busy.get(random.nextInt(busy.size()));
    int start = random.nextInt(PAGE_BYTES);
    for (int step = 0; step < PAGE_BYTES; step++) {
      int offset = page + (start + step) % PAGE_BYTES;
      if (before[offset] == after[offset]) {
        return offset;
      }
    }
    return -1;
  }

  private static List<Integer> busyPages(byte[] before, byte[] after) {
    List<Integer> busy = new ArrayList<>();
    for (int page = 0; page < after.length; page += PAGE_BYTES) {
      if (!Arrays.equals(before, page, page + PAGE_BYTES, after, page, page + PAGE_BYTES)) {
        busy.add(page);
      }
    }
    return busy;
  }
}
