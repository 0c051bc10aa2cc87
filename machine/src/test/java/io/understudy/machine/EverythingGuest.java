package io.understudy.machine;

import io.understudy.machine.VirtqueueImage.Part;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * A bare-metal guest that uses everything a machine with disk, network card, virtio console and
 * entropy source has, and reads the clock in between; then it ends. Needs a disk of at least 16
 * sectors.
 */
public final class EverythingGuest {
  private static final int PM_TIMER = 0x608;
  static final int TIMER_READS = 24;
  static final int ROUNDS = 4;
  static final int FRAMES_IN = 3;
  static final int FRAME_BYTES = 60;
  static final int NET_HEADER_BYTES = 10;

  // In the order in which the machine adds them.
  private static final int BLOCK = 1;
  private static final int NET = 2;
  private static final int CONSOLE = 3;
  private static final int RNG = 4;

  // The guest's data.
  static final int DISK_CONTENT = 0x10000;
  static final int DISK_ANSWER = 0x11000;
  private static final int DISK_HEADERS = 0x12000;
  private static final int FRAME_OUT = 0x13000;
  static final int FRAMES = 0x14000;
  private static final int TEXT = 0x16000;
  static final int RANDOM = 0x17000;
  static final int TIMES = 0x18000;
  private static final int DATA_BYTES = 0x19000;

  private EverythingGuest() {}

  /** The guest. */
  public static GuestProgram program() {
    byte[] data = new byte[DATA_BYTES];
    VirtqueueImage block = new VirtqueueImage(data, 0, 128);
    VirtqueueImage receive = new VirtqueueImage(data, 0x2000, 256);
    VirtqueueImage transmit = new VirtqueueImage(data, 0x6000, 256);
    VirtqueueImage print = new VirtqueueImage(data, 0xa000, 64);
    VirtqueueImage entropy = new VirtqueueImage(data, 0xc000, 8);
    ByteBuffer content = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
    for (int at = 0; at < 4096; at++) {
      data[DISK_CONTENT + at] = (byte) (at * 3 + 1);
    }
    content.putInt(DISK_HEADERS, 1).putLong(DISK_HEADERS + 8, 8); // write sector 8
    content.putInt(DISK_HEADERS + 16, 0).putLong(DISK_HEADERS + 24, 8); // read it
    System.arraycopy("Hello, world!".getBytes(StandardCharsets.US_ASCII), 0, data, TEXT, 13);
    for (int round = 0; round < ROUNDS; round++) {
      // Each round writes a bit more than the one before.
      int bytes = 512 * (round + 1);
      block.request(in(DISK_HEADERS, 16), in(DISK_CONTENT, bytes), out(DISK_HEADERS + 32, 1));
      block.request(in(DISK_HEADERS + 16, 16), out(DISK_ANSWER, bytes), out(DISK_HEADERS + 33, 1));
      transmit.request(in(FRAME_OUT, NET_HEADER_BYTES), in(FRAME_OUT + 16, FRAME_BYTES));
      print.request(in(TEXT, 13));
      entropy.request(out(RANDOM + 16 * round, 16));
    }
    for (int index = 0; index < FRAMES_IN; index++) {
      receive.request(out(FRAMES + 2048 * index, 2048));
    }
    GuestAssembler code = new GuestAssembler(data);
    start(code, BLOCK, block);
    start(code, NET, receive, transmit);
    start(code, CONSOLE, null, print);
    start(code, RNG, entropy);
    code.store16(receive.availableIndex(), FRAMES_IN).out(window(NET) + 16, 2, 0);
    for (int round = 0; round < ROUNDS; round++) {
      offer(code, BLOCK, 0, block, 2 * round + 2);
      offer(code, NET, 1, transmit, round + 1);
      offer(code, CONSOLE, 1, print, round + 1);
      offer(code, RNG, 0, entropy, round + 1);
      for (int read = 0; read < TIMER_READS / ROUNDS; read++) {
        int index = round * (TIMER_READS / ROUNDS) + read;
        code.in(PM_TIMER, 4).store(GuestAssembler.DATA + TIMES + 4 * index);
        code.in(window(NET) + 19, 1); // interrupt status: a device access between two times
      }
    }
    return code.end().program("everything");
  }

  private static void start(GuestAssembler code, int slot, VirtqueueImage... queues) {
    code.out(0xCF8, 4, 0x8000_0000 | slot << 11 | 4).out(0xCFC, 2, 5); // decode I/O, master
    code.out(window(slot) + 18, 1, 3);
    for (int index = 0; index < queues.length; index++) {
      if (queues[index] != null) {
        code.out(window(slot) + 14, 2, index).out(window(slot) + 8, 4, queues[index].page());
      }
    }
    code.out(window(slot) + 18, 1, 7);
  }

  private static void offer(
      GuestAssembler code, int slot, int queue, VirtqueueImage image, int requests) {
    code.store16(image.availableIndex(), requests).out(window(slot) + 16, 2, queue);
  }

  private static int window(int slot) {
    return 0xC000 + 64 * slot;
  }

  private static Part in(int at, int length) {
    return new Part(GuestAssembler.DATA + at, length, false);
  }

  private static Part out(int at, int length) {
    return new Part(GuestAssembler.DATA + at, length, true);
  }
}
