package io.understudy.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.understudy.kvm.Kvm;
import io.understudy.kvm.RequiresKvm;
import io.understudy.log.Epoch;
import io.understudy.log.EpochSource;
import io.understudy.log.InMemoryEpochLog;
import io.understudy.log.LogEnd;
import io.understudy.machine.EverythingGuest;
import io.understudy.machine.Machine;
import io.understudy.machine.MachineConfig;
import io.understudy.machine.MachineLoop;
import io.understudy.machine.MachineOutput;
import io.understudy.machine.MachineSnapshot;
import io.understudy.machine.RunClock;
import io.understudy.machine.StateDigest;
import io.understudy.machine.disk.FileDisk;
import io.understudy.replay.checkpoint.Checkpoint;
import io.understudy.replay.checkpoint.CheckpointStore;
import io.understudy.replay.checkpoint.RocksCheckpointStore;
import io.understudy.replay.checkpoint.StoreOptions;
import io.understudy.schemas.Attachments;
import io.understudy.schemas.EventRecord;
import io.understudy.schemas.VmId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Checkpoints of a machine with a disk: its written blocks are kept like pages of memory. */
@RequiresKvm
@Timeout(120)
class CheckpointWriterKvmIT {
  private static final int MEMORY_BYTES = 16 << 20;
  private static final int MEMORY_PAGES = MEMORY_BYTES / Machine.PAGE_SIZE;
  private static final int DISK_BYTES = 64 * 512;
  private static final int BLOCKS = DISK_BYTES / Machine.PAGE_SIZE;

  private final Kvm kvm = Kvm.open();
  private final NoOutput output = new NoOutput();
  @TempDir private Path dir;
  private MachineConfig config;
  private InMemoryEpochLog log;

  @BeforeEach
  void record() throws Exception {
    byte[] image = new byte[DISK_BYTES];
    new Random(7).nextBytes(image);
    config = config(image);
    log = LogRecorder.record(kvm, config, 12);
  }

  @AfterEach
  void closeKvm() {
    kvm.close();
  }

  @Test
  void everyCheckpointGoesOnToTheSameEnd() throws Exception {
    try (CheckpointStore store = open()) {
      StateDigest end = replayWithCheckpoints(store);
      List<Checkpoint> checkpoints = store.list();
      assertThat(checkpoints).hasSizeGreaterThan(4);
      int withBlocks = 0;
      for (Checkpoint checkpoint : checkpoints) {
        assertThat(checkpoint.pageCount()).isEqualTo(MEMORY_PAGES + BLOCKS);
        withBlocks += blocksIn(store, checkpoint) > 0 ? 1 : 0;
        assertThat(resume(store, checkpoint)).as("from %s", checkpoint).isEqualTo(end);
      }
      assertThat(blocksIn(store, checkpoints.get(0))).as("the base image is not copied").isZero();
      assertThat(withBlocks).isPositive();
    }
  }

  /** What a resumed standby writes builds on the checkpoint it came from. */
  @Test
  void aResumedMachineWritesOnlyWhatChangedSince() throws Exception {
    try (CheckpointStore store = open()) {
      StateDigest end = replayWithCheckpoints(store);
      Checkpoint middle = store.list().get(store.list().size() / 2);
      store.discardNewerThan(middle.epoch());
      try (Machine machine = restore(store, middle);
          EpochSource source = log.source(LogRecorder.RUN, middle.log())) {
        machine.takeChangedPages();
        EventRecord header = MachineSnapshot.decode(middle.machineState()).header();
        try (CheckpointWriter writer =
            new CheckpointWriter(store, header, output, middle.epoch())) {
          run(machine, source, writer, null);
        }
      }
      List<Checkpoint> checkpoints = store.list();
      assertThat(checkpoints.get(checkpoints.size() - 1).epoch()).isGreaterThan(middle.epoch());
      for (Checkpoint checkpoint : checkpoints) {
        assertThat(resume(store, checkpoint)).as("from %s", checkpoint).isEqualTo(end);
      }
    }
  }

  /** A failure that is told twice would suppress itself, and come out as one of the caller's. */
  @Test
  void saysWhatTheStoreSaid_whenItTakesNoCheckpoint() {
    CheckpointStore store = open();
    store.close();

    assertThatThrownBy(() -> replayWithCheckpoints(store))
        .isExactlyInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }

  private CheckpointStore open() {
    return RocksCheckpointStore.open(
        dir.resolve("store"),
        new VmId("vm"),
        LogRecorder.RUN,
        new StoreOptions(1000, StoreOptions.DEFAULT.batchBytes()));
  }

  private StateDigest replayWithCheckpoints(CheckpointStore store) throws Exception {
    try (Machine machine = Machine.powerOn(kvm, config, MachineOutput.NONE);
        EpochSource source = log.source(null, null)) {
      Epoch first = source.poll(java.time.Duration.ofSeconds(10));
      try (CheckpointWriter writer =
          new CheckpointWriter(store, first.events().get(0), output, -1)) {
        run(machine, source, writer, first);
      }
      return machine.digest();
    }
  }

  private Machine restore(CheckpointStore store, Checkpoint checkpoint) {
    return Machine.restore(
        kvm,
        config,
        MachineOutput.NONE,
        MachineSnapshot.decode(checkpoint.machineState()).state(),
        sink -> store.readPages(checkpoint, sink::page));
  }

  private StateDigest resume(CheckpointStore store, Checkpoint checkpoint) throws Exception {
    try (Machine machine = restore(store, checkpoint);
        EpochSource source = log.source(LogRecorder.RUN, checkpoint.log())) {
      assertThat(machine.digest())
          .isEqualTo(
              new StateDigest(
                  checkpoint.registersDigest(),
                  checkpoint.devicesDigest(),
                  checkpoint.memoryDigest()));
      run(machine, source, null, null);
      assertThat(machine.ended()).isPresent();
      return machine.digest();
    }
  }

  private static long blocksIn(CheckpointStore store, Checkpoint checkpoint) {
    List<Integer> blocks = new ArrayList<>();
    store.readPages(
        checkpoint,
        (number, content) -> {
          if (number >= MEMORY_PAGES) {
            blocks.add(number);
          }
        });
    return blocks.size();
  }

  /** Replays to the end of the log, with a checkpoint at each epoch if there is a writer. */
  private static void run(Machine machine, EpochSource source, CheckpointWriter writer, Epoch first)
      throws InterruptedException {
    LogEnd end = source.end();
    Replayer.Follower follower =
        new Replayer.Follower() {
          @Override
          public boolean stopHere() {
            return source.reached(end);
          }

          @Override
          public void applied(Epoch epoch, Machine at) {
            if (writer != null) {
              writer.take(at, epoch);
            }
          }
        };
    MachineLoop.run(machine, new Replayer(source, follower, first));
  }

  private MachineConfig config(byte[] image) throws IOException {
    return new MachineConfig(
        EverythingGuest.program(),
        MEMORY_BYTES,
        "",
        0,
        42,
        RunClock.EXIT,
        FileDisk.read(Files.write(dir.resolve("disk"), image)),
        "52:54:00:12:34:56",
        Attachments.VIRTIO);
  }

  /** Nobody will want it. */
  private static final class NoOutput implements HeldOutput {
    @Override
    public void accept(byte value) {}

    @Override
    public void frame(byte[] frame) {}

    @Override
    public MachineSnapshot.Held held() {
      return new MachineSnapshot.Held(0, new byte[0]);
    }

    @Override
    public void restore(MachineSnapshot.Held held, long framesSent) {}

    @Override
    public void released(long offset, long frames) {}
  }
}
