package io.understudy.machine.linux;

/**
 * A kernel that no longer reads the time stamp counter. Immutable; made by {@link TscRewriter}.
 *
 * @see TscRewriter for what that does not cover
 */
public final class RewrittenKernel {
  private final KernelFile original;
  private final byte[] vmlinux;
  private final RewriteReport report;

  /** Takes over {@code vmlinux}. */
  RewrittenKernel(KernelFile original, byte[] vmlinux, RewriteReport report) {
    this.original = original;
    this.vmlinux = vmlinux;
    this.report = report;
  }

  /** The kernel as it came. */
  public KernelFile original() {
    return original;
  }

  /** What was replaced and what was left. */
  public RewriteReport report() {
    return report;
  }

  /** The rewritten ELF file, a copy. Headers are those of the original. */
  public byte[] vmlinux() {
    return vmlinux.clone();
  }

  byte[] sharedVmlinux() {
    return vmlinux;
  }
}
