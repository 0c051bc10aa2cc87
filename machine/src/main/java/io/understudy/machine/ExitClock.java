package io.understudy.machine;

import io.understudy.kvm.Vcpu;
import io.understudy.kvm.VcpuExit;
import java.util.OptionalLong;

/** Names no place between two exits. */
final class ExitClock implements LogicalClock {
  private final Vcpu vcpu;

  ExitClock(Vcpu vcpu) {
    this.vcpu = vcpu;
  }

  @Override
  public void restart() {
    // Nothing is counted.
  }

  @Override
  public void injected() {
    // Nothing is counted.
  }

  @Override
  public VcpuExit run() {
    return vcpu.run();
  }

  @Override
  public OptionalLong instructions() {
    return OptionalLong.empty();
  }

  @Override
  public VcpuExit runTo(long instructions, long rip) {
    throw new MachineException(
        "the run's clock counts no instructions, so none can be found: instructions="
            + instructions);
  }
}
