package io.understudy.machine.devices;

/** A queue of bytes in an array of fixed size. Owned by the vCPU thread. */
public final class ByteRing {

  private final byte[] bytes;
  private int head;
  private int count;

  /** Makes an empty queue for at most {@code capacity} bytes. */
  public ByteRing(int capacity) {
    bytes = new byte[capacity];
  }

  /** Bytes in the queue. */
  public int size() {
    return count;
  }

  /** Bytes that can be added now. */
  public int room() {
    return bytes.length - count;
  }

  /** Whether there is nothing to remove. */
  public boolean isEmpty() {
    return count == 0;
  }

  /**
   * Appends all of {@code added}.
   *
   * @throws IllegalStateException if there is not enough room; nothing is added then
   */
  public void addAll(byte[] added) {
    if (added.length > room()) {
      throw new IllegalStateException(
          "no room for the bytes: added=" + added.length + " room=" + room());
    }
    int tail = (head + count) % bytes.length;
    int untilWrap = Math.min(added.length, bytes.length - tail);
    System.arraycopy(added, 0, bytes, tail, untilWrap);
    System.arraycopy(added, untilWrap, bytes, 0, added.length - untilWrap);
    count += added.length;
  }

  /** Appends one byte; the caller has checked {@link #room()}. */
  public void add(byte added) {
    bytes[(head + count) % bytes.length] = added;
    count++;
  }

  /** Takes the oldest byte; the caller has checked {@link #isEmpty()}. */
  public byte remove() {
    byte removed = bytes[head];
    head = (head + 1) % bytes.length;
    count--;
    return removed;
  }

  /** Forgets the content. */
  public void clear() {
    head = 0;
    count = 0;
  }

  /** The content, oldest byte first. */
  public byte[] toArray() {
    int untilWrap = Math.min(count, bytes.length - head);
    byte[] content = new byte[count];
    System.arraycopy(bytes, head, content, 0, untilWrap);
    System.arraycopy(bytes, 0, content, untilWrap, count - untilWrap);
    return content;
  }
}
