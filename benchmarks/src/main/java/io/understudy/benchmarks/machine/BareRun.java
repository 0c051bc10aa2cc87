package io.understudy.benchmarks.machine;

import io.understudy.kvm.Kvm;
import io.understudy.machine.Director;
import io.understudy.machine.Machine;
import io.understudy.machine.MachineConfig;
import io.understudy.machine.MachineLoop;
import io.understudy.schemas.GuestEvent;
import java.util.concurrent.locks.LockSupport;

/**
 * The workload on a machine that nobody records: time and input are let in as a primary lets them
 * in, but nothing is written down, digested, committed or held back. What is left is what the
 * machine itself takes. Owned by the thread that runs it.
 */
final class BareRun implements Director {
  private static final long MAX_TICK_LAG_NANOS = 1_000_000_000;
  private static final long TIMERLESS_STEP_NANOS = 10_000_000;

  private final Workload workload;
  private final Replies replies;
  private final long startNanos = System.nanoTime();
  private int sent;
  private int answered;

  private BareRun(Workload workload) {
    this.workload = workload;
    this.replies = new Replies(workload);
  }

  /** Runs it. */
  static Measured run(Kvm kvm, MachineConfig config, Workload workload)
      throws InterruptedException {
    BareRun run = new BareRun(workload);
    try (Machine machine = Machine.powerOn(kvm, config, run.replies::transmitted)) {
      MachineLoop.run(machine, run);
      return run.replies.measured(machine.position());
    }
  }

  @Override
  public Turn atPosition(Machine machine) throws InterruptedException {
    for (; ; ) {
      replies.arrived(replies.size());
      if (replies.size() >= workload.measuredTo()) {
        return Turn.STOP;
      }
      if (machine.ended().isPresent()) {
        throw new IllegalStateException("the guest has ended: " + machine.ended().get());
      }
      long now = System.nanoTime() - startNanos;
      letTimePass(machine, now);
      letInputIn(machine, now);
      if (machine.isRunnable()) {
        return Turn.RUN;
      }
      LockSupport.parkNanos(Math.max(1, edge(machine) - now));
      if (Thread.interrupted()) {
        throw new InterruptedException("interrupted while the guest idles");
      }
    }
  }

  @Override
  public long timeAsked(Machine machine) {
    return machine.virtualNanos();
  }

  @Override
  public Turn kicked(Machine machine) {
    return Turn.RUN;
  }

  private static long edge(Machine machine) {
    return Math.min(machine.nextTimerNanos(), machine.virtualNanos() + TIMERLESS_STEP_NANOS);
  }

  private static void letTimePass(Machine machine, long now) {
    long edge = edge(machine);
    boolean isLate = now - machine.virtualNanos() > MAX_TICK_LAG_NANOS;
    if (edge <= now && (!machine.isTimerPending() || isLate)) {
      machine.apply(new GuestEvent.ClockAdvanced(edge));
    }
  }

  private void letInputIn(Machine machine, long now) {
    while (answered < sent && workload.replyEnd(answered) <= replies.size()) {
      answered++;
    }
    while (workload.mayAsk(sent, answered)) {
      byte[] request = workload.request(sent);
      if (request.length > machine.inputRoom()) {
        return;
      }
      long moment = Math.min(now, machine.nextTimerNanos() - 1);
      if (moment > machine.virtualNanos()) {
        machine.apply(new GuestEvent.ClockAdvanced(moment));
      }
      machine.apply(new GuestEvent.ConsoleInput(request));
      sent++;
    }
  }
}
