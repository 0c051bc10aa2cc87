package io.understudy.benchmarks.machine;

import io.understudy.kvm.Kvm;
import io.understudy.log.ClusterConnection;
import io.understudy.machine.GuestFiles;
import io.understudy.replay.OfflineReplay;
import io.understudy.schemas.VmId;

/** The workload replayed from its log, every epoch's digests compared, as an audit does it. */
final class ReplayedRun {
  private ReplayedRun() {}

  /** Runs it. */
  static Measured run(Kvm kvm, Workload workload, ClusterConnection connection, VmId vm)
      throws InterruptedException {
    Replies replies = new Replies(workload);
    OfflineReplay.Report report =
        OfflineReplay.run(
            kvm,
            OfflineReplay.Span.all(connection, vm),
            GuestFiles.BUILT_IN::read,
            value -> {
              replies.transmitted(value);
              replies.arrived(replies.size());
            },
            (epoch, machine) -> {});
    return replies.measured(report.position());
  }
}
