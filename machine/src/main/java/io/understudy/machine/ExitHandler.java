package io.understudy.machine;

import io.understudy.kvm.Registers;
import io.understudy.kvm.Vcpu;
import io.understudy.kvm.VcpuExit;
import io.understudy.machine.linux.TimeStampPorts;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Does what an exit of the guest asks for, and says what it means for the machine. The same while
 * capturing and replaying. Owned by the vCPU thread.
 */
final class ExitHandler implements VcpuExit.Handler<ExitHandler.Outcome> {
  /** What an exit is to the machine. */
  enum Effect {
    /** Not the guest's doing: nothing has happened. */
    NONE,
    /** A position. */
    REACHED,
    /**
     * A position whose access ends with an exception, which comes first: an interrupt injected
     * beside it would be lost in KVM and stay in service for good. It enters at the next exit or
     * window.
     */
    FAULTED,
    /** A position at which the guest waits for an interrupt. */
    HALTED
  }

  /**
   * What has happened.
   *
   * @param end why the guest will never run again, if so
   */
  record Outcome(Effect effect, Optional<String> end) {
    private static final Outcome NOTHING = new Outcome(Effect.NONE, Optional.empty());
    private static final Outcome REACHED = new Outcome(Effect.REACHED, Optional.empty());
    private static final Outcome FAULTED = new Outcome(Effect.FAULTED, Optional.empty());
  }

  private final Machine machine;
  private final Vcpu vcpu;
  private final Devices devices;
  private final boolean hasTimeStampPorts;
  private final ExitCounts counts = new ExitCounts();
  private TimeKeeper timeKeeper = TimeKeeper.STILL;

  ExitHandler(Machine machine, Vcpu vcpu, Devices devices) {
    this.machine = machine;
    this.vcpu = vcpu;
    this.devices = devices;
    this.hasTimeStampPorts = machine.config().program() instanceof LinuxGuest;
  }

  /** Sets who is asked when an exit reads a clock. */
  void answerTimeBy(TimeKeeper keeper) {
    timeKeeper = keeper;
  }

  ExitCounts counts() {
    return counts;
  }

  @Override
  public Outcome portIn(VcpuExit.PortIn exit) {
    counts.count(ExitCounts.Kind.PORT_IN);
    if (devices.isClockPort(exit.port())) {
      devices.advanceClock(timeKeeper.timeAsked(machine));
    }
    if (exit.count() == 1) {
      vcpu.answerPortIn(devices.ports().in(exit.port(), exit.size()));
    } else {
      vcpu.answerPortIn(devices.in(exit.port(), exit.size(), exit.count()));
    }
    return Outcome.REACHED;
  }

  @Override
  public Outcome portOut(VcpuExit.PortOut exit) {
    counts.count(ExitCounts.Kind.PORT_OUT);
    if (hasTimeStampPorts && LinuxGuest.isTimeStampPort(exit.port())) {
      timeStamp(exit.port() == TimeStampPorts.RDTSCP);
    } else {
      devices.out(exit.port(), exit.size(), exit.data());
    }
    return Outcome.REACHED;
  }

  @Override
  public Outcome mmioRead(VcpuExit.MmioRead exit) {
    counts.count(ExitCounts.Kind.MMIO);
    vcpu.answerMmioRead(-1L); // no device there: an open bus reads all ones
    return Outcome.REACHED;
  }

  @Override
  public Outcome mmioWrite(VcpuExit.MmioWrite exit) {
    counts.count(ExitCounts.Kind.MMIO);
    return Outcome.REACHED;
  }

  @Override
  public Outcome halt(VcpuExit.Halt exit) {
    counts.count(ExitCounts.Kind.HALT);
    return new Outcome(
        Effect.HALTED,
        vcpu.interruptFlag()
            ? Optional.empty()
            : Optional.of("guest halted with interrupts disabled"));
  }

  @Override
  public Outcome interrupted(VcpuExit.Interrupted exit) {
    counts.count(ExitCounts.Kind.INTERRUPTED);
    return Outcome.NOTHING;
  }

  @Override
  public Outcome shutdown(VcpuExit.Shutdown exit) {
    return end("guest shut down (triple fault)");
  }

  @Override
  public Outcome internalError(VcpuExit.InternalError exit) {
    return end("the host's KVM cannot execute the guest's code: " + exit);
  }

  @Override
  public Outcome systemEvent(VcpuExit.SystemEvent exit) {
    return end("guest system event " + exit.type());
  }

  /** Whether an interrupt could be taken does not matter any more, so it is not asked. */
  private Outcome end(String reason) {
    counts.count(ExitCounts.Kind.END);
    return new Outcome(Effect.FAULTED, Optional.of(reason));
  }

  @Override
  public Outcome rdMsr(VcpuExit.RdMsr exit) {
    counts.count(ExitCounts.Kind.MSR);
    OptionalLong value = MsrPolicy.read(exit.index());
    if (exit.index() == MsrPolicy.TIME_STAMP_COUNTER) {
      vcpu.answerMsrRead(timeStampCounter());
    } else if (value.isPresent()) {
      vcpu.answerMsrRead(value.getAsLong());
    } else {
      vcpu.failMsrAccess();
      return Outcome.FAULTED;
    }
    return Outcome.REACHED;
  }

  @Override
  public Outcome wrMsr(VcpuExit.WrMsr exit) {
    counts.count(ExitCounts.Kind.MSR);
    if (!MsrPolicy.acceptsWrite(exit.index())) {
      vcpu.failMsrAccess();
      return Outcome.FAULTED;
    }
    return Outcome.REACHED;
  }

  /** What RDTSC would do, which the loader replaced by an OUT to a port of ours. */
  private void timeStamp(boolean withProcessor) {
    long counter = timeStampCounter();
    // Registers may be set only when the OUT is complete.
    machine.complete();
    vcpu.setRegister(Registers.RAX, counter & 0xffffffffL);
    vcpu.setRegister(Registers.RDX, counter >>> 32);
    if (withProcessor) {
      vcpu.setRegister(Registers.RCX, 0);
    }
  }

  /** Runs at 1 GHz with the virtual clock, and never shows the same value twice. */
  private long timeStampCounter() {
    return devices.clock().nanos() + machine.position();
  }

  @Override
  public Outcome interruptWindowOpen(VcpuExit.InterruptWindowOpen exit) {
    throw unexpected(exit);
  }

  @Override
  public Outcome debug(VcpuExit.Debug exit) {
    throw unexpected(exit);
  }

  @Override
  public Outcome failEntry(VcpuExit.FailEntry exit) {
    throw unexpected(exit);
  }

  @Override
  public Outcome unknown(VcpuExit.Unknown exit) {
    throw unexpected(exit);
  }

  private MachineException unexpected(VcpuExit exit) {
    return new MachineException(
        "the vCPU left the guest in a way nobody asked for: exit="
            + exit
            + " position="
            + machine.position());
  }
}
