package io.understudy.machine;

/**
 * What a machine's state hashes to, in three parts so that a difference says where to look.
 *
 * @param registers vCPU: general and special registers, FPU, MSRs, pending events
 * @param devices all devices, the virtual clock, position and offsets
 * @param memory guest memory, every page with its number
 */
public record StateDigest(long registers, long devices, long memory) {
  @Override
  public String toString() {
    return String.format("registers=%016x devices=%016x memory=%016x", registers, devices, memory);
  }
}
