package io.understudy.log;

import io.understudy.schemas.SnapshotPart;
import io.understudy.schemas.VmId;
import java.time.Duration;
import java.util.List;
import java.util.UUID;

/** Snapshots of no machine, for logs that are to lose their beginning. */
public final class TestSnapshots {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private TestSnapshots() {}

  /** A complete snapshot behind {@code at}, an epoch of term 1. */
  public static void take(ClusterConnection connection, VmId vm, UUID run, CommittedEpoch at) {
    try (KafkaSnapshotWriter writer = KafkaSnapshotWriter.open(connection, vm, run, 1)) {
      writer.begin(UUID.randomUUID(), new SnapshotPart.Started("node", -1, 1, 4096, 1));
      writer.state(new byte[] {1});
      SnapshotSink.Pieces pieces = writer.flush();
      writer.complete(
          new SnapshotPart.Completed(
              "node",
              new byte[] {1},
              -1,
              at.number(),
              7,
              at.next().nextSequence(),
              at.next().hash(),
              List.copyOf(at.offsets().values()),
              1,
              2,
              3,
              10,
              4096,
              pieces.pieces(),
              pieces.hash(),
              pieces.firstOffsets(),
              pieces.endOffsets(),
              1,
              pieces.bytes(),
              2,
              3,
              4,
              5));
    }
  }

  /** Somebody says that the newest complete snapshot of the run is good. */
  public static void verifyNewest(ClusterConnection connection, VmId vm, UUID run) {
    try (SnapshotDirectory directory = SnapshotDirectory.open(connection, vm, PATIENCE)) {
      directory.publishVerified(directory.newestComplete(run).orElseThrow(), "node");
    }
  }
}
