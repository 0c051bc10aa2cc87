package io.understudy.capture.console;

import java.util.Arrays;

/**
 * What the guest has transmitted and the world may not have seen yet.
 *
 * <pre>
 *   released by the peer          committed             end
 *   ------------|---- may be sent ----|---- must wait ----|
 *   dropped     start
 * </pre>
 *
 * <p>This class is the hand-over between three threads and therefore synchronized: the vCPU thread
 * appends, the committer thread (on a standby: the replaying thread) moves {@code committed} or
 * prunes, the network thread reads committed bytes and prunes what the front has acknowledged. No
 * method blocks for longer than copying bytes takes. A standby appends while it replays, so that
 * after promotion everything the world may not have seen is here.
 *
 * <p>Offsets are bytes from the start of the run.
 */
public final class OutputBuffer {
  /** Default bound, in bytes. */
  public static final int CAPACITY_DEFAULT_BYTES = 8 << 20;

  private static final int INITIAL_BYTES = 64 << 10;

  private final int capacityBytes;

  /** Ring; its length is a power of two, the byte at offset o is at index o mod length. */
  private byte[] ring = new byte[INITIAL_BYTES];

  private long start;
  private long end;
  private long committed;
  private long released;

  /** What is held, for a checkpoint of the machine: {@code bytes} begin at {@code start}. */
  public record Held(long start, long released, byte[] bytes) {
    public Held {
      if (start < 0 || released < 0) {
        throw new IllegalArgumentException(
            "offsets are not negative: start=" + start + " released=" + released);
      }
      bytes = bytes.clone();
    }

    @Override
    public byte[] bytes() {
      return bytes.clone();
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Held held
          && start == held.start
          && released == held.released
          && Arrays.equals(bytes, held.bytes);
    }

    @Override
    public int hashCode() {
      return Long.hashCode(start) + 31 * Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
      return "Held[start=" + start + ", released=" + released + ", size=" + bytes.length + "]";
    }
  }

  /** An empty buffer of the default capacity at offset 0. */
  public OutputBuffer() {
    this(CAPACITY_DEFAULT_BYTES);
  }

  /**
   * An empty buffer at offset 0.
   *
   * @param capacityBytes bound above which {@link #hasRoom} is false, at least 1
   */
  public OutputBuffer(int capacityBytes) {
    if (capacityBytes < 1 || capacityBytes > 1 << 28) {
      throw new IllegalArgumentException(
          "capacity must be in [1, 2^28]: capacityBytes=" + capacityBytes);
    }
    this.capacityBytes = capacityBytes;
  }

  /** Appends one byte of the guest; see {@link #hasRoom}. */
  public synchronized void append(byte value) {
    makeRoom(1);
    ring[index(end)] = value;
    end++;
  }

  /** Appends bytes of the guest; see {@link #hasRoom}. */
  public synchronized void append(byte[] bytes) {
    makeRoom(bytes.length);
    for (byte value : bytes) {
      ring[index(end)] = value;
      end++;
    }
  }

  /**
   * False once the capacity is reached: the guest must not run on until the front has taken some.
   *
   * <p>Appending stays possible up to four times the capacity, for two reasons: a guest may
   * transmit more than one byte before its loop looks here again (by the virtio console 4 MiB in
   * one access), and a standby, which learns of releases only from the log, can hold up to as much
   * again as the primary did.
   */
  public synchronized boolean hasRoom() {
    return end - start < capacityBytes;
  }

  /** Bytes held. */
  public synchronized long heldBytes() {
    return end - start;
  }

  /** Offset of the oldest byte held. */
  public synchronized long start() {
    return start;
  }

  /** Offset after the newest byte. */
  public synchronized long end() {
    return end;
  }

  /** End of the committed output. */
  public synchronized long committed() {
    return committed;
  }

  /** End of what the front has acknowledged; goes into every epoch mark. */
  public synchronized long releasedByPeer() {
    return released;
  }

  /** Output below {@code offset} is committed and may be sent. */
  public synchronized void commit(long offset) {
    if (offset < committed || offset > end) {
      throw new IllegalStateException(
          "output can be committed in order and once transmitted only: committed="
              + committed
              + " end="
              + end
              + " offset="
              + offset);
    }
    committed = offset;
  }

  /**
   * The world has all output below {@code offset}: the front acknowledged it, or the log says so.
   *
   * <p>A smaller offset than before is ignored: epoch marks tell it with a delay.
   */
  public synchronized void prune(long offset) {
    if (offset > end) {
      throw new IllegalStateException(
          "output was released before it was transmitted: end=" + end + " offset=" + offset);
    }
    released = Math.max(released, offset);
    start = Math.max(start, offset);
    committed = Math.max(committed, offset);
  }

  /**
   * Copies committed bytes.
   *
   * @param from first offset wanted, not below {@link #start}
   * @param maxBytes most bytes to return
   * @return the bytes at {@code from} and after, empty if none is committed
   */
  public synchronized byte[] read(long from, int maxBytes) {
    if (from < start) {
      throw new IllegalStateException(
          "output is not held any more: start=" + start + " from=" + from);
    }
    return copy(from, (int) Math.max(0, Math.min(maxBytes, committed - from)));
  }

  /** Everything held, committed or not, to go with a checkpoint of the machine. */
  public synchronized Held held() {
    return new Held(start, released, copy(start, (int) (end - start)));
  }

  /** Replaces everything by what went with a checkpoint; nothing of it counts as committed. */
  public synchronized void restore(Held held) {
    start = held.start();
    end = start;
    released = held.released();
    committed = start;
    ring = new byte[INITIAL_BYTES];
    append(held.bytes());
  }

  private byte[] copy(long from, int count) {
    byte[] bytes = new byte[count];
    int index = index(from);
    int first = Math.min(count, ring.length - index);
    System.arraycopy(ring, index, bytes, 0, first);
    System.arraycopy(ring, 0, bytes, first, count - first);
    return bytes;
  }

  private int index(long offset) {
    return (int) (offset & (ring.length - 1));
  }

  private void makeRoom(int moreBytes) {
    long needed = end - start + moreBytes;
    if (needed > 4L * capacityBytes) {
      throw new IllegalStateException(
          "console output buffer overrun: the guest ran on without room: capacityBytes="
              + capacityBytes
              + " start="
              + start
              + " end="
              + end
              + " moreBytes="
              + moreBytes);
    }
    if (needed <= ring.length) {
      return;
    }
    int size = ring.length;
    while (size < needed) {
      size *= 2;
    }
    byte[] larger = new byte[size];
    for (long offset = start; offset < end; offset++) {
      larger[(int) (offset & (size - 1))] = ring[index(offset)];
    }
    ring = larger;
  }
}
