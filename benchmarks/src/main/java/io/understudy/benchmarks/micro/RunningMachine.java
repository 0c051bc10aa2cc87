package io.understudy.benchmarks.micro;

import io.understudy.kvm.Kvm;
import io.understudy.machine.Machine;
import io.understudy.machine.MachineConfig;
import io.understudy.machine.TimeKeeper;

/** A machine that runs {@link ExitGuest}. Owned by the thread that started it. */
final class RunningMachine implements AutoCloseable {
  private static final long MEMORY_BYTES = 32L << 20;

  private final Kvm kvm;
  private final Machine machine;

  private RunningMachine(Kvm kvm, Machine machine) {
    this.kvm = kvm;
    this.machine = machine;
  }

  /** Powers it on; the guest changes {@code pages} pages before each exit. */
  static RunningMachine start(int pages) {
    Kvm kvm = Kvm.open();
    try {
      MachineConfig config = new MachineConfig(ExitGuest.image(pages), MEMORY_BYTES, "", 0);
      return new RunningMachine(kvm, Machine.powerOn(kvm, config, value -> {}));
    } catch (RuntimeException | Error failure) {
      kvm.close();
      throw failure;
    }
  }

  /** The machine, at its newest exit. */
  Machine machine() {
    return machine;
  }

  /** Runs the guest to its next exit. */
  void toNextExit() {
    boolean arrived = machine.advance(TimeKeeper.STILL);
    while (!arrived) {
      arrived = machine.advance(TimeKeeper.STILL);
    }
    if (machine.ended().isPresent()) {
      throw new IllegalStateException("the guest has ended: " + machine.ended().get());
    }
  }

  @Override
  public void close() {
    machine.close();
    kvm.close();
  }
}
