package io.understudy.kvm;

import java.nio.ByteBuffer;

/**
 * A segment register with its hidden part ({@code struct kvm_segment}; Intel SDM volume 3, 3.4.5).
 * Immutable.
 *
 * @param base linear address
 * @param limit last byte, already scaled by the granularity
 * @param selector visible part, 0..65535
 * @param type descriptor type, 0..15
 * @param isPresent P
 * @param privilegeLevel DPL, 0..3
 * @param is32Bit D/B
 * @param isCodeOrData S: false for system segments such as a task state segment
 * @param is64Bit L
 * @param isPageGranular G
 * @param isAvailable AVL
 * @param isUnusable loaded with a null selector
 */
public record Segment(
    long base,
    int limit,
    int selector,
    int type,
    boolean isPresent,
    int privilegeLevel,
    boolean is32Bit,
    boolean isCodeOrData,
    boolean is64Bit,
    boolean isPageGranular,
    boolean isAvailable,
    boolean isUnusable) {
  private static final int FLAT_LIMIT = 0xFFFFFFFF;
  private static final int TYPE_CODE_EXECUTE_READ_ACCESSED = 11;
  private static final int TYPE_DATA_READ_WRITE_ACCESSED = 3;
  private static final int TYPE_BUSY_TSS = 11;

  /** Flat 64-bit code. */
  public static Segment code64(int selector, int privilegeLevel) {
    return new Segment(
        0,
        FLAT_LIMIT,
        selector,
        TYPE_CODE_EXECUTE_READ_ACCESSED,
        true,
        privilegeLevel,
        false,
        true,
        true,
        true,
        false,
        false);
  }

  /** Flat 32-bit code. */
  public static Segment code32(int selector, int privilegeLevel) {
    return new Segment(
        0,
        FLAT_LIMIT,
        selector,
        TYPE_CODE_EXECUTE_READ_ACCESSED,
        true,
        privilegeLevel,
        true,
        true,
        false,
        true,
        false,
        false);
  }

  /** Flat read-write data. */
  public static Segment data(int selector, int privilegeLevel) {
    return new Segment(
        0,
        FLAT_LIMIT,
        selector,
        TYPE_DATA_READ_WRITE_ACCESSED,
        true,
        privilegeLevel,
        true,
        true,
        false,
        true,
        false,
        false);
  }

  /** A busy task state segment, 32- or 64-bit depending on the mode of the processor. */
  public static Segment taskState(int selector, long base, int limit) {
    return new Segment(
        base, limit, selector, TYPE_BUSY_TSS, true, 0, false, false, false, false, false, false);
  }

  /** An unusable segment, as an empty LDT has to be. */
  public static Segment unusable() {
    return new Segment(0, 0, 0, 0, false, 0, false, false, false, false, false, true);
  }

  static Segment read(ByteBuffer bytes, int at) {
    return new Segment(
        bytes.getLong(at + Layout.SegmentFields.BASE),
        bytes.getInt(at + Layout.SegmentFields.LIMIT),
        bytes.getShort(at + Layout.SegmentFields.SELECTOR) & 0xFFFF,
        bytes.get(at + Layout.SegmentFields.TYPE),
        bytes.get(at + Layout.SegmentFields.PRESENT) != 0,
        bytes.get(at + Layout.SegmentFields.DPL),
        bytes.get(at + Layout.SegmentFields.DB) != 0,
        bytes.get(at + Layout.SegmentFields.S) != 0,
        bytes.get(at + Layout.SegmentFields.L) != 0,
        bytes.get(at + Layout.SegmentFields.G) != 0,
        bytes.get(at + Layout.SegmentFields.AVL) != 0,
        bytes.get(at + Layout.SegmentFields.UNUSABLE) != 0);
  }

  void write(ByteBuffer bytes, int at) {
    bytes.putLong(at + Layout.SegmentFields.BASE, base);
    bytes.putInt(at + Layout.SegmentFields.LIMIT, limit);
    bytes.putShort(at + Layout.SegmentFields.SELECTOR, (short) selector);
    bytes.put(at + Layout.SegmentFields.TYPE, (byte) type);
    bytes.put(at + Layout.SegmentFields.PRESENT, bit(isPresent));
    bytes.put(at + Layout.SegmentFields.DPL, (byte) privilegeLevel);
    bytes.put(at + Layout.SegmentFields.DB, bit(is32Bit));
    bytes.put(at + Layout.SegmentFields.S, bit(isCodeOrData));
    bytes.put(at + Layout.SegmentFields.L, bit(is64Bit));
    bytes.put(at + Layout.SegmentFields.G, bit(isPageGranular));
    bytes.put(at + Layout.SegmentFields.AVL, bit(isAvailable));
    bytes.put(at + Layout.SegmentFields.UNUSABLE, bit(isUnusable));
    bytes.put(at + Layout.SegmentFields.SIZE - 1, (byte) 0);
  }

  private static byte bit(boolean set) {
    return (byte) (set ? 1 : 0);
  }
}
