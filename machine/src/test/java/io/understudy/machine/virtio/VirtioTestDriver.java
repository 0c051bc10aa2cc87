package io.understudy.machine.virtio;

import io.understudy.machine.devices.PortBus;
import java.util.ArrayList;
import java.util.List;

/**
 * A small driver on the guest's side: it knows the bus and the rings, and touches the devices only
 * through ports and memory.
 */
final class VirtioTestDriver {

  static final int FEATURES = 0;
  static final int GUEST_FEATURES = 4;
  static final int QUEUE_PAGE = 8;
  static final int QUEUE_SIZE = 12;
  static final int QUEUE_SELECT = 14;
  static final int QUEUE_NOTIFY = 16;
  static final int STATUS = 18;
  static final int ISR = 19;
  static final int CONFIG = 20;

  static final int ACKNOWLEDGE = 1;
  static final int DRIVER = 2;
  static final int DRIVER_OK = 4;
  static final int NEEDS_RESET = 0x40;

  static final int NEXT = 1;
  static final int WRITE = 2;
  static final int INDIRECT = 4;

  private static final int PAGE = 4096;

  private final PortBus ports;
  private final ByteArrayRam ram;
  private final int slot;
  private final long arena;
  private final long arenaEnd;
  private long free;
  private int window;
  private final List<Queue> queues = new ArrayList<>();

  /** One buffer of a request. */
  record Buffer(long address, int length, boolean isWritable) {}

  /** An entry of the used ring. */
  record Used(int head, int length) {}

  VirtioTestDriver(PortBus ports, ByteArrayRam ram, int slot, long arena, int arenaBytes) {
    this.ports = ports;
    this.ram = ram;
    this.slot = slot;
    this.arena = arena;
    this.arenaEnd = arena + arenaBytes;
    this.free = arena;
    this.window = readConfig(0x10, 4) & ~3;
  }

  /** Memory of its own for the test; given back when the driver starts. */
  long allocate(int sizeBytes) {
    long address = free;
    free += sizeBytes;
    if (free > arenaEnd) {
      throw new IllegalStateException("the driver's memory is used up: slot=" + slot);
    }
    return address;
  }

  int readConfig(int offset, int size) {
    ports.out(0xCF8, 4, 0x8000_0000 | slot << 11 | (offset & 0xFC));
    return ports.in(0xCFC + (offset & 3), size);
  }

  void writeConfig(int offset, int size, int value) {
    ports.out(0xCF8, 4, 0x8000_0000 | slot << 11 | (offset & 0xFC));
    ports.out(0xCFC + (offset & 3), size, value);
  }

  /** Moves the I/O window and uses it there. */
  void moveWindow(int port) {
    writeConfig(0x10, 4, port);
    window = port;
  }

  int irq() {
    return readConfig(0x3C, 1);
  }

  int in(int register, int size) {
    return ports.in(window + register, size);
  }

  void out(int register, int size, int value) {
    ports.out(window + register, size, value);
  }

  long readDeviceConfig(int offset, int sizeBytes) {
    long value = 0;
    for (int index = 0; index < sizeBytes; index++) {
      value |= (long) in(CONFIG + offset + index, 1) << (8 * index);
    }
    return value;
  }

  /** What a driver does to a device when it takes it, as Linux does it. */
  VirtioTestDriver start() {
    free = arena;
    queues.clear();
    out(STATUS, 1, 0);
    out(STATUS, 1, ACKNOWLEDGE);
    out(STATUS, 1, ACKNOWLEDGE | DRIVER);
    out(GUEST_FEATURES, 4, in(FEATURES, 4));
    for (int index = 0; ; index++) {
      out(QUEUE_SELECT, 2, index);
      int size = in(QUEUE_SIZE, 2);
      if (size == 0) {
        break;
      }
      queues.add(new Queue(index, size));
    }
    out(STATUS, 1, ACKNOWLEDGE | DRIVER | DRIVER_OK);
    return this;
  }

  Queue queue(int index) {
    return queues.get(index);
  }

  /** A buffer that holds {@code content}, for the device to read. */
  Buffer reads(byte... content) {
    long address = allocate(content.length);
    ram.write(address, content);
    return new Buffer(address, content.length, false);
  }

  /** A buffer for the device to write. */
  Buffer writes(int length) {
    return new Buffer(allocate(length), length, true);
  }

  byte[] content(Buffer buffer) {
    return ram.read(buffer.address(), buffer.length());
  }

  /** The same bytes in pieces of {@code pieceBytes}. */
  static List<Buffer> split(Buffer buffer, int pieceBytes) {
    List<Buffer> pieces = new ArrayList<>();
    for (int at = 0; at < buffer.length(); at += pieceBytes) {
      pieces.add(
          new Buffer(
              buffer.address() + at,
              Math.min(pieceBytes, buffer.length() - at),
              buffer.isWritable()));
    }
    return pieces;
  }

  /** One queue as the driver sees it. */
  final class Queue {
    final int index;
    final int size;
    final long descriptors;
    final long available;
    final long used;
    private int nextDescriptor;
    private int availableIndex;
    private int usedIndex;

    private Queue(int index, int size) {
      this.index = index;
      this.size = size;
      free = (free + PAGE - 1) & -PAGE;
      descriptors = free;
      available = descriptors + 16L * size;
      used = (available + 6 + 2L * size + PAGE - 1) & -PAGE;
      allocate((int) (used + 6 + 8L * size - descriptors));
      ram.write(descriptors, new byte[(int) (free - descriptors)]);
      out(QUEUE_SELECT, 2, index);
      out(QUEUE_PAGE, 4, (int) (descriptors / PAGE));
    }

    /** Makes a request available without telling the device. */
    int offer(List<Buffer> buffers) {
      int head = nextDescriptor;
      for (int position = 0; position < buffers.size(); position++) {
        Buffer buffer = buffers.get(position);
        int flags = buffer.isWritable() ? WRITE : 0;
        flags |= position + 1 < buffers.size() ? NEXT : 0;
        int following = (nextDescriptor + 1) % size;
        describe(nextDescriptor, buffer.address(), buffer.length(), flags, following);
        nextDescriptor = following;
      }
      makeAvailable(head);
      return head;
    }

    void describe(int descriptor, long address, int length, int flags, int next) {
      long at = descriptors + 16L * descriptor;
      ram.writeLong(at, address);
      ram.writeInt(at + 8, length);
      ram.writeShort(at + 12, flags);
      ram.writeShort(at + 14, next);
    }

    void makeAvailable(int head) {
      ram.writeShort(available + 4 + 2L * (availableIndex % size), head);
      availableIndex = (availableIndex + 1) & 0xFFFF;
      setAvailableIndex(availableIndex);
    }

    void setAvailableIndex(int value) {
      ram.writeShort(available + 2, value);
    }

    void suppressInterrupts(boolean isSuppressed) {
      ram.writeShort(available, isSuppressed ? 1 : 0);
    }

    void kick() {
      out(QUEUE_NOTIFY, 2, index);
    }

    /** Requests the device has given back and nobody has looked at. */
    List<Used> takeUsed() {
      List<Used> taken = new ArrayList<>();
      while (usedIndex != ram.readShort(used + 2)) {
        long entry = used + 4 + 8L * (usedIndex % size);
        taken.add(new Used(ram.readInt(entry), ram.readInt(entry + 4)));
        usedIndex = (usedIndex + 1) & 0xFFFF;
      }
      return taken;
    }

    /** Offers a request, tells the device, and gives back what became of it. */
    Used request(List<Buffer> buffers) {
      int head = offer(buffers);
      kick();
      List<Used> done = takeUsed();
      if (done.size() != 1 || done.get(0).head() != head) {
        throw new IllegalStateException("one request should be done: head=" + head + " " + done);
      }
      return done.get(0);
    }
  }
}
