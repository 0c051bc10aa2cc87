package io.understudy.machine;

/**
 * Where the guest stands at a position, cheaply: replay that arrives anywhere else has diverged.
 *
 * @param rip address of the next instruction, the pending device access completed
 * @param registers hash of the general registers and RFLAGS without RF
 */
public record Landmark(long rip, long registers) {
  @Override
  public String toString() {
    return String.format("rip=0x%x registers=%016x", rip, registers);
  }
}
