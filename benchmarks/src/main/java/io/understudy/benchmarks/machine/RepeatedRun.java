package io.understudy.benchmarks.machine;

import io.understudy.kvm.Kvm;
import io.understudy.log.ClusterConnection;
import io.understudy.log.Epoch;
import io.understudy.log.EpochReader;
import io.understudy.log.LogEnd;
import io.understudy.machine.Director;
import io.understudy.machine.Machine;
import io.understudy.machine.MachineConfig;
import io.understudy.machine.MachineLoop;
import io.understudy.schemas.EventRecord;
import io.understudy.schemas.VmId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The recorded execution once more, from memory, with nothing written and nothing checked: the same
 * guest instructions and exits as in the recorded and the replayed run, and no others. What those
 * two take more is the price of recording and of replaying. Owned by the thread that runs it.
 */
final class RepeatedRun implements Director {
  private static final Duration POLL = Duration.ofMillis(200);

  private final Workload workload;
  private final Replies replies;
  private final List<EventRecord> events;
  private int next;

  private RepeatedRun(Workload workload, List<EventRecord> events) {
    this.workload = workload;
    this.replies = new Replies(workload);
    this.events = events;
  }

  /**
   * Runs it.
   *
   * @param config what the recorded machine was made of
   */
  static Measured run(
      Kvm kvm, MachineConfig config, Workload workload, ClusterConnection connection, VmId vm)
      throws InterruptedException {
    RepeatedRun run = new RepeatedRun(workload, read(connection, vm));
    try (Machine machine = Machine.powerOn(kvm, config, run.replies::transmitted)) {
      MachineLoop.run(machine, run);
      return run.replies.measured(machine.position());
    }
  }

  private static List<EventRecord> read(ClusterConnection connection, VmId vm) {
    List<EventRecord> events = new ArrayList<>();
    try (EpochReader reader = EpochReader.fromStart(connection, vm)) {
      LogEnd end = reader.end();
      while (!reader.reached(end)) {
        Epoch epoch = reader.poll(POLL);
        if (epoch != null) {
          events.addAll(epoch.events());
        }
      }
    }
    return events;
  }

  @Override
  public Turn atPosition(Machine machine) {
    replies.arrived(replies.size());
    if (replies.size() >= workload.measuredTo()) {
      return Turn.STOP;
    }
    while (next < events.size() && events.get(next).position() == machine.position()) {
      machine.apply(events.get(next).event());
      next++;
    }
    return Turn.RUN;
  }

  @Override
  public long timeAsked(Machine machine) {
    return machine.virtualNanos();
  }

  @Override
  public Turn kicked(Machine machine) {
    return Turn.RUN;
  }
}
