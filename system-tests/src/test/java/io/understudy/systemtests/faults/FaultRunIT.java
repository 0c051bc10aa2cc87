package io.understudy.systemtests.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.systemtests.Needs;
import io.understudy.systemtests.faults.Operation.Kind;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The suite can fail: what real clients saw while their leader was killed is judged as it was, and
 * once more with one reply, one byte that is not what it was.
 */
class FaultRunIT {
  @Test
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  void findsOneAlteredReply_inTheHistoryOfARealRun() throws Exception {
    Needs.kvm();
    Path directory = Path.of("target", "system-tests", "fault-run").toAbsolutePath();
    Damage.delete(directory);
    Schedule schedule = Schedule.of(1, 0, Optional.of(FaultKind.KILL_PRIMARY));
    try (Brokers brokers = Brokers.start(directory.resolve("cluster"), 1, VmProcesses.SLOTS);
        BeatLog beats = new BeatLog(brokers.connection())) {
      FaultRun.Result result =
          new FaultRun(schedule, "fault-run", brokers, beats, directory.resolve("run")).execute();

      assertThat(result.violations()).isEmpty();
      assertThat(result.terms()).isEqualTo(2);
      assertThat(result.injected()).containsEntry(FaultKind.KILL_PRIMARY.label(), 1);
      assertThat(LinearizabilityChecker.check(altered(result.seen().operations())))
          .as("one reply altered")
          .isNotEmpty();
      assertThat(
              LogJudge.judge(brokers.connection(), "fault-run", withOneByteAltered(result))
                  .violations())
          .as("one byte altered")
          .hasSize(1);
    }
  }

  private static List<Operation> altered(List<Operation> history) {
    List<Operation> altered = new ArrayList<>(history);
    int index = 0;
    while (altered.get(index).kind() != Kind.INCR || !altered.get(index).isAnswered()) {
      index++;
    }
    altered.set(index, LinearizabilityCheckerTest.altered(altered.get(index)));
    return altered;
  }

  private static List<TracedClient.Trace> withOneByteAltered(FaultRun.Result result) {
    List<TracedClient.Trace> traces = new ArrayList<>(result.seen().traces());
    TracedClient.Trace first = traces.get(0);
    byte[] received = first.received().clone();
    received[received.length - 3] ^= 1;
    traces.set(0, new TracedClient.Trace(first.name(), received));
    return traces;
  }
}
