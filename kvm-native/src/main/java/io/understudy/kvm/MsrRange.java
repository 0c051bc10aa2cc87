package io.understudy.kvm;

/**
 * A run of consecutive model-specific registers.
 *
 * @param first index of the first register
 * @param count how many, at least 1 and at most 12288 (one filter bitmap)
 */
public record MsrRange(int first, int count) {
  /** Checks the range. */
  public MsrRange {
    if (count < 1 || count > Layout.MsrFilter.BITMAP_BYTES_MAX * Byte.SIZE) {
      throw new IllegalArgumentException(
          "MSR range out of bounds: first=0x" + Integer.toHexString(first) + " count=" + count);
    }
  }
}
