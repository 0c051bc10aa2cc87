package io.understudy.systemtests.faults;

import io.understudy.kvm.Kvm;
import io.understudy.log.ClusterConnection;
import io.understudy.log.Epoch;
import io.understudy.log.LogException;
import io.understudy.machine.GuestFiles;
import io.understudy.replay.OfflineReplay;
import io.understudy.replay.ReplayDivergenceException;
import io.understudy.schemas.EventRecord;
import io.understudy.schemas.GuestEvent;
import io.understudy.schemas.VmId;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Executes a run again from its committed log and compares: every digest with the log, the leaders
 * with the terms, and what clients got with what the guest says. Owned by one thread.
 */
final class LogJudge {
  private final ByteArrayOutputStream input = new ByteArrayOutputStream();
  private final ByteArrayOutputStream output = new ByteArrayOutputStream();
  private final List<String> violations = new ArrayList<>();
  private final Set<Long> terms = new HashSet<>();
  private long lastTerm;
  private long epochs;

  /**
   * What was found.
   *
   * @param violations what is wrong
   * @param epochs epochs verified
   * @param terms terms of the run
   * @param refusal what the reader said when it refused the log, empty if it did not
   */
  record Verdict(List<String> violations, long epochs, int terms, String refusal) {}

  /** Judges a run by its log. */
  static Verdict judge(ClusterConnection connection, String vm, List<TracedClient.Trace> traces)
      throws InterruptedException {
    return new LogJudge().run(connection, new VmId(vm), traces);
  }

  private Verdict run(ClusterConnection connection, VmId vm, List<TracedClient.Trace> traces)
      throws InterruptedException {
    String refusal = "";
    try (Kvm kvm = Kvm.open()) {
      OfflineReplay.run(
          kvm,
          OfflineReplay.Span.all(connection, vm),
          GuestFiles.BUILT_IN::read,
          output::write,
          (epoch, machine) -> applied(epoch));
      compare(traces);
    } catch (ReplayDivergenceException divergence) {
      violations.add(divergence.getMessage());
    } catch (LogException refused) {
      refusal = refused.getMessage();
    }
    return new Verdict(violations, epochs, terms.size(), refusal);
  }

  private void compare(List<TracedClient.Trace> traces) {
    ConsoleStreams streams = ConsoleStreams.of(input.toByteArray(), output.toByteArray());
    for (TracedClient.Trace trace : traces) {
      String wrong = streams.compare(trace);
      if (wrong != null) {
        violations.add(wrong);
      }
    }
  }

  private void applied(Epoch epoch) {
    epochs++;
    for (EventRecord record : epoch.events()) {
      if (record.event() instanceof GuestEvent.ConsoleInput console) {
        input.writeBytes(console.bytes());
      }
      boolean begins =
          record.event() instanceof GuestEvent.TermStarted
              || record.event() instanceof GuestEvent.RunStarted;
      if (begins && !terms.add(record.term())) {
        violations.add("a term begins twice: " + record);
      }
      if (record.term() != lastTerm && !begins) {
        violations.add("a term does not begin with its leader: " + record);
      }
      lastTerm = record.term();
    }
  }
}
