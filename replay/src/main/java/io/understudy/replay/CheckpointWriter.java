package io.understudy.replay;

import io.understudy.log.CrashPoint;
import io.understudy.log.Epoch;
import io.understudy.machine.Machine;
import io.understudy.machine.MachineSnapshot;
import io.understudy.replay.checkpoint.Checkpoint;
import io.understudy.replay.checkpoint.CheckpointStore;
import io.understudy.replay.checkpoint.PageConsumer;
import io.understudy.replay.checkpoint.PageSet;
import io.understudy.schemas.EventRecord;
import io.understudy.schemas.VmId;
import java.util.BitSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Takes checkpoints of a machine at the end of an epoch and writes them beside the replay: the vCPU
 * thread copies the changed pages, a thread of its own writes them. One at a time; while one is
 * being written no other is taken.
 *
 * <p>Owned by the vCPU thread.
 */
final class CheckpointWriter implements AutoCloseable {
  private final CheckpointStore store;
  private final EventRecord header;
  private final HeldOutput output;
  private final ExecutorService writer =
      Executors.newSingleThreadExecutor(task -> new Thread(task, "checkpoint-writer"));
  private Future<?> writing;
  private final CheckpointStatistics statistics;

  /**
   * @param header the run's first event
   * @param lastEpoch epoch of the newest checkpoint in the store, -1 if there is none
   */
  CheckpointWriter(CheckpointStore store, EventRecord header, HeldOutput output, long lastEpoch) {
    this.store = store;
    this.header = header;
    this.output = output;
    this.statistics = new CheckpointStatistics(lastEpoch);
  }

  /** Epoch of the last checkpoint that has been written, -1 before the first. */
  long lastEpoch() {
    return statistics.lastEpoch();
  }

  /** What became of checkpoints; any thread. */
  CheckpointStatistics statistics() {
    return statistics;
  }

  /** The store has another newest checkpoint now, of this epoch. */
  void restarted(long newestEpoch) {
    statistics.restarted(newestEpoch);
  }

  /** Whether {@link #take} would find the writer free. */
  boolean isFree() {
    return writing == null || writing.isDone();
  }

  /** Takes a checkpoint of {@code machine}, which stands at the end of {@code epoch}. */
  void take(Machine machine, Epoch epoch) {
    awaitWritten();
    BitSet changed = machine.takeChangedPages();
    CopiedPages pages = new CopiedPages(machine, changed);
    Checkpoint checkpoint =
        new Checkpoint(
            new VmId(header.vm()),
            header.run(),
            epoch.number(),
            machine.position(),
            epoch.term(),
            epoch.next(),
            epoch.mark().registersDigest(),
            epoch.mark().devicesDigest(),
            epoch.mark().memoryDigest(),
            new MachineSnapshot(header, output.held(), machine.save()).encode(),
            machine.pageCount(),
            Machine.PAGE_SIZE);
    writing =
        writer.submit(
            () -> {
              long began = System.nanoTime();
              CrashPoint.BEFORE_CHECKPOINT.pass();
              store.write(checkpoint, pages);
              CrashPoint.AFTER_CHECKPOINT.pass();
              statistics.written(checkpoint.epoch(), pages.count(), began, System.nanoTime());
            });
  }

  /**
   * Waits for the checkpoint that is being written, and throws what went wrong with it: once, or
   * whoever closes this because of it would hear it again, as an exception that suppresses itself.
   */
  void awaitWritten() {
    Future<?> last = writing;
    writing = null;
    if (last == null) {
      return;
    }
    try {
      last.get();
    } catch (ExecutionException failure) {
      if (failure.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new IllegalStateException("the checkpoint writer failed", failure.getCause());
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while a checkpoint is written", interrupted);
    }
  }

  @Override
  public void close() {
    writer.shutdown();
    try {
      awaitWritten();
    } finally {
      writer.shutdownNow();
    }
  }

  /** Pages as they were when the checkpoint was taken. */
  private static final class CopiedPages implements PageSet {
    private final int[] numbers;

    /** One array for each: together they may be more than one array can hold. */
    private final byte[][] contents;

    CopiedPages(Machine machine, BitSet which) {
      numbers = which.stream().toArray();
      contents = new byte[numbers.length][Machine.PAGE_SIZE];
      for (int index = 0; index < numbers.length; index++) {
        machine.readPage(numbers[index], contents[index]);
      }
    }

    @Override
    public void forEach(PageConsumer consumer) {
      for (int index = 0; index < numbers.length; index++) {
        consumer.page(numbers[index], contents[index]);
      }
    }

    @Override
    public int count() {
      return numbers.length;
    }
  }
}
