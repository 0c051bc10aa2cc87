package io.understudy.kvm;

/**
 * Base and limit of a descriptor table register (GDTR, IDTR).
 *
 * @param base linear address
 * @param limit size in bytes minus one, 0..65535
 */
public record DescriptorTable(long base, int limit) {
  /** Checks the limit. */
  public DescriptorTable {
    if (limit < 0 || limit > 0xFFFF) {
      throw new IllegalArgumentException("descriptor table limit out of bounds: limit=" + limit);
    }
  }
}
