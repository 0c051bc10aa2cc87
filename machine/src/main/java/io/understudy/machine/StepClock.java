package io.understudy.machine;

import io.understudy.kvm.GuestDebug;
import io.understudy.kvm.Vcpu;
import io.understudy.kvm.VcpuExit;
import java.util.OptionalLong;

/**
 * Counts by stepping the guest through every instruction: exact on every host, and slow.
 *
 * <p>The entry that delivers an interrupt must not be stepped, because the trap flag would end up
 * on the guest's stack. So behind an injection the guest runs free until its next exit, and no
 * place there has a name. Neither is an instruction that exits stepped: hosts differ in what they
 * report then.
 */
final class StepClock implements LogicalClock {
  private final Vcpu vcpu;
  private final GuestCode code;
  private long steps;
  private boolean running;

  StepClock(Vcpu vcpu, GuestCode code) {
    this.vcpu = vcpu;
    this.code = code;
  }

  @Override
  public void restart() {
    steps = 0;
    running = false;
  }

  @Override
  public void injected() {
    running = true;
  }

  @Override
  public VcpuExit run() {
    return stepWhile(Long.MAX_VALUE);
  }

  @Override
  public OptionalLong instructions() {
    // A kick can leave a repeated instruction half done, which is no whole number of steps.
    boolean isNamed =
        !running && steps > 0 && code.isKernelOpenToInterrupts(vcpu) && !code.isRepeatedNext(vcpu);
    return isNamed ? OptionalLong.of(steps) : OptionalLong.empty();
  }

  @Override
  public VcpuExit runTo(long instructions, long rip) {
    return stepWhile(instructions);
  }

  private VcpuExit stepWhile(long limit) {
    if (vcpu.isAccessIncomplete()) {
      return vcpu.run();
    }
    while (steps < limit) {
      if (running || code.isExitNext(vcpu)) {
        return runFree();
      }
      VcpuExit exit = code.isInterruptReturnNext(vcpu) ? stepReturn() : step();
      if (exit != null) {
        return exit;
      }
    }
    return null;
  }

  private VcpuExit runFree() {
    long before = vcpu.registers().rip();
    VcpuExit exit = vcpu.run();
    // An access that is not allowed ends in the guest's handler instead of in an exit.
    running |= exit instanceof VcpuExit.Interrupted && vcpu.registers().rip() != before;
    return exit;
  }

  private VcpuExit step() {
    long before = vcpu.registers().rip();
    VcpuExit exit = debug(GuestDebug.singleStep());
    boolean stepped = exit instanceof VcpuExit.Debug;
    // A kick can hide a step that has been made.
    if (stepped || (exit instanceof VcpuExit.Interrupted && vcpu.registers().rip() != before)) {
      steps++;
    }
    return stepped ? null : exit;
  }

  /** IRET loads the flags, and with them the trap flag, so what follows it would not be trapped. */
  private VcpuExit stepReturn() {
    long before = vcpu.registers().rip();
    long target = code.returnAddress(vcpu);
    VcpuExit exit = debug(GuestDebug.hardwareBreakpoints(target));
    long after = vcpu.registers().rip();
    if (after == target) {
      steps++;
    }
    // One that is not allowed leads elsewhere.
    running |= after != target && after != before;
    return exit instanceof VcpuExit.Debug ? null : exit;
  }

  private VcpuExit debug(GuestDebug how) {
    vcpu.setGuestDebug(how);
    VcpuExit exit = vcpu.run();
    vcpu.setGuestDebug(GuestDebug.none());
    return exit;
  }
}
