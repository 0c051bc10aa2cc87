package io.understudy.machine;

import io.understudy.kvm.GuestDebug;
import io.understudy.kvm.Vcpu;
import io.understudy.kvm.VcpuExit;
import io.understudy.kvm.VcpuState;
import java.util.OptionalLong;

/**
 * Counts with the host: KVM's statistic {@code insn_emulation} is exact where KVM emulates all
 * kernel code, and costs nothing while the guest runs. It counts a repeated string instruction once
 * for each piece that the host executes at a time, which is the same in every execution.
 *
 * <p>A place is found again in two steps. First the guest runs as long as it is surely far enough
 * away: where it can take interrupts, the host leaves it after at most {@link #BATCH} instructions
 * when asked for an interrupt window. The rest is gone with a breakpoint at the place's address,
 * and by stepping over it as long as the count is not reached. Where interrupts were off for long,
 * the first step can go too far; then memory and vCPU are put back and the whole way is gone by
 * breakpoint.
 */
final class InstructionClock implements LogicalClock {
  /** Most instructions that the host executes before it looks for a window. */
  private static final int BATCH = 1024;

  /** Nearer than this, and where a breakpoint is hit more often than this, stepping is faster. */
  private static final int STEPPED = 6;

  private static final long NEVER = -1;

  private final Vcpu vcpu;
  private final GuestCode code;
  private final MemoryBaseline baseline;

  private long named;

  /**
   * What the count was when an interrupt was queued; it is not delivered before the count moves.
   */
  private long injectedAt = NEVER;

  private Approach approach;

  /**
   * A clock of {@code vcpu}.
   *
   * @param baseline lets the guest go back when it went too far
   */
  InstructionClock(Vcpu vcpu, GuestCode code, MemoryBaseline baseline) {
    this.vcpu = vcpu;
    this.code = code;
    this.baseline = baseline;
    this.named = total();
  }

  private long total() {
    return vcpu.emulatedInstructions()
        .orElseThrow(() -> new MachineException("the host counts no instructions"));
  }

  private long count() {
    return total() - named;
  }

  @Override
  public void restart() {
    named = total();
    approach = null;
    injectedAt = NEVER;
  }

  @Override
  public void injected() {
    injectedAt = count();
  }

  @Override
  public VcpuExit run() {
    return vcpu.run();
  }

  @Override
  public OptionalLong instructions() {
    long count = count();
    boolean isNamed = count > 0 && code.isKernelOpenToInterrupts(vcpu);
    return isNamed ? OptionalLong.of(count) : OptionalLong.empty();
  }

  @Override
  public VcpuExit runTo(long instructions, long rip) {
    if (approach == null) {
      approach = new Approach(instructions, rip);
    }
    return approach.goOn();
  }

  /** The way to one place; kicks interrupt it. */
  private final class Approach {
    private final long target;
    private final long rip;
    private final VcpuState start;
    private final MemoryBaseline.Savepoint memory;
    private long lastHit;
    private boolean near;
    private boolean stepping;

    private Approach(long target, long rip) {
      this.target = target;
      this.rip = rip;
      near = target - count() <= BATCH;
      start = near ? null : vcpu.save();
      memory = near ? null : baseline.save();
    }

    private VcpuExit goOn() {
      while (!near) {
        VcpuExit exit = leap();
        if (count() > target) {
          goBack();
        } else {
          near = target - count() <= BATCH;
          if (!(exit instanceof VcpuExit.InterruptWindowOpen)) {
            return exit;
          }
        }
      }
      while (count() < target) {
        VcpuExit exit = creep();
        if (exit != null) {
          return exit;
        }
      }
      if (count() > target) {
        throw new MachineException(
            "the guest passed the place where it was stopped: instructions expected="
                + target
                + " actual="
                + count());
      }
      return null;
    }

    private boolean isSteppable(boolean here, long count) {
      // The trap flag would end up on the guest's stack.
      boolean delivers = count == injectedAt;
      // A step over IRET takes the instruction behind it along.
      return !delivers && (here || !code.isInterruptReturnNext(vcpu));
    }

    private VcpuExit leap() {
      vcpu.requestInterruptWindow(true);
      VcpuExit exit = vcpu.run();
      vcpu.requestInterruptWindow(false);
      // KVM reports a window before it looks for signals, so a kick would wait there for ever.
      boolean kicked = exit instanceof VcpuExit.InterruptWindowOpen && vcpu.takeKick();
      return kicked ? new VcpuExit.Interrupted() : exit;
    }

    private void goBack() {
      vcpu.abandonAccess();
      vcpu.restore(start);
      memory.restore();
      named = total();
      near = true;
    }

    /** To the next time the guest comes by, or one instruction on; null unless it exits before. */
    private VcpuExit creep() {
      long before = count();
      boolean here = vcpu.registers().rip() == rip;
      stepping = here || stepping || target - before <= STEPPED;
      boolean step = stepping && isSteppable(here, before);
      vcpu.setGuestDebug(step ? GuestDebug.singleStep() : GuestDebug.hardwareBreakpoints(rip));
      VcpuExit exit = vcpu.run();
      vcpu.setGuestDebug(GuestDebug.none());
      if (here) {
        stepping = before - lastHit <= STEPPED;
        lastHit = before;
      }
      return exit instanceof VcpuExit.Debug ? null : exit;
    }
  }
}
