package io.understudy.replay;

import io.understudy.kvm.Kvm;
import io.understudy.log.ClusterConnection;
import io.understudy.log.SnapshotReader;
import io.understudy.log.StoredSnapshot;
import io.understudy.machine.Machine;
import io.understudy.machine.MachineConfig;
import io.understudy.machine.MachineOutput;
import io.understudy.machine.MachineSnapshot;
import io.understudy.machine.StateDigest;
import io.understudy.schemas.SnapshotPart;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;

/**
 * Proves that a snapshot can be loaded and is the machine of its epoch: by loading it into a
 * machine that never runs, next to the one that leads or follows. It takes as much memory as that,
 * for as long as it lasts. Stateless.
 */
public final class SnapshotCheck {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private SnapshotCheck() {}

  /**
   * Loads a snapshot that builds on no other, compares, and throws the machine away.
   *
   * @param config of the run's machine
   * @param giveUp asked for every page; true ends it
   * @throws io.understudy.log.SnapshotDamagedException if it is not what its manifest says
   * @throws ReplayDivergenceException if the machine is not the one that was copied
   * @throws io.understudy.log.LogException if it cannot be read
   * @throws CancellationException if it was given up
   */
  public static void load(
      Kvm kvm,
      MachineConfig config,
      ClusterConnection connection,
      StoredSnapshot snapshot,
      BooleanSupplier giveUp) {
    restore(kvm, config, MachineOutput.NONE, connection, snapshot, giveUp).close();
  }

  /** The same, but returns the machine, which stands at the end of the snapshot's epoch. */
  static Machine restore(
      Kvm kvm,
      MachineConfig config,
      MachineOutput output,
      ClusterConnection connection,
      StoredSnapshot snapshot,
      BooleanSupplier giveUp) {
    if (!snapshot.manifest().isComplete()) {
      throw new IllegalArgumentException("the snapshot builds on another one: " + snapshot.id());
    }
    byte[][] encoded = new byte[1][];
    Machine machine =
        Machine.restore(
            kvm,
            config,
            output,
            sink ->
                encoded[0] =
                    SnapshotReader.read(
                        connection,
                        snapshot,
                        PATIENCE,
                        (number, content) -> {
                          if (giveUp.getAsBoolean()) {
                            throw new CancellationException("not checked: " + snapshot.id());
                          }
                          sink.page(number, content);
                        }),
            () -> MachineSnapshot.decode(encoded[0]).state());
    try {
      requireSame(snapshot, machine.digest());
      return machine;
    } catch (RuntimeException | Error failure) {
      machine.close();
      throw failure;
    }
  }

  /** Refuses a machine that is not the one of which {@code snapshot} was taken. */
  static void requireSame(StoredSnapshot snapshot, StateDigest actual) {
    SnapshotPart.Completed manifest = snapshot.manifest();
    StateDigest expected =
        new StateDigest(
            manifest.registersDigest(), manifest.devicesDigest(), manifest.memoryDigest());
    if (!expected.equals(actual)) {
      throw new ReplayDivergenceException(
          "the machine of a snapshot is not the one that was copied: vm="
              + snapshot.vm()
              + " run="
              + snapshot.run()
              + " snapshot="
              + snapshot.id()
              + " epoch="
              + manifest.epoch()
              + " expected="
              + expected
              + " actual="
              + actual);
    }
  }
}
