package io.understudy.benchmarks.compute;

import io.understudy.kvm.Kvm;
import io.understudy.log.ClusterConnection;
import io.understudy.log.Epoch;
import io.understudy.machine.GuestFiles;
import io.understudy.machine.MachineException;
import io.understudy.replay.OfflineReplay;
import io.understudy.replay.ReplayDivergenceException;
import io.understudy.schemas.EventRecord;
import io.understudy.schemas.VmId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A recording replayed from its log, every epoch's digests and all output compared, while it is
 * kicked at other moments than the recording was.
 *
 * @param mismatch in what it differs from the recording, null if in nothing
 * @param records all that was verified, marks included, in order
 * @param nanos from the first answer to the last, 0 after a mismatch
 */
record ReplayedRun(String mismatch, List<EventRecord> records, long nanos) {
  /** Copies the list. */
  ReplayedRun {
    records = List.copyOf(records);
  }

  /**
   * Runs it.
   *
   * @param output what the recorded guest said
   * @param repliesEnd how much of it must be in the log
   */
  static ReplayedRun of(
      Kvm kvm, ClusterConnection connection, VmId vm, long kickSeed, byte[] output, long repliesEnd)
      throws InterruptedException {
    Answers answers = new Answers(true);
    List<Epoch> epochs = new ArrayList<>();
    List<Kicker> kickers = new ArrayList<>();
    String mismatch;
    try {
      OfflineReplay.run(
          kvm,
          OfflineReplay.Span.all(connection, vm),
          GuestFiles.BUILT_IN::read,
          answers,
          (epoch, machine) -> {
            if (kickers.isEmpty()) {
              Kicker kicker = new Kicker(machine, kickSeed);
              kickers.add(kicker);
              kicker.start();
            }
            epochs.add(epoch);
          });
      mismatch = compare(output, repliesEnd, answers.bytes());
    } catch (ReplayDivergenceException | MachineException differs) {
      mismatch = differs.getMessage();
    } finally {
      kickers.forEach(Kicker::close);
    }
    List<EventRecord> records = new ArrayList<>();
    for (Epoch epoch : epochs) {
      records.addAll(epoch.events());
      records.add(epoch.markRecord());
    }
    return new ReplayedRun(mismatch, records, mismatch == null ? answers.nanos() : 0);
  }

  /** Null if what was replayed is what was recorded, as far as the log goes. */
  private static String compare(byte[] recorded, long repliesEnd, byte[] replayed) {
    if (replayed.length < repliesEnd || replayed.length > recorded.length) {
      return "output: bytes expected="
          + repliesEnd
          + " to "
          + recorded.length
          + " actual="
          + replayed.length;
    }
    int difference = Arrays.mismatch(recorded, 0, replayed.length, replayed, 0, replayed.length);
    return difference < 0 ? null : "output differs: offset=" + difference;
  }
}
