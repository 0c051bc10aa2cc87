package io.understudy.benchmarks.micro;

import io.understudy.log.ChainState;
import io.understudy.log.LogPosition;
import io.understudy.replay.checkpoint.Checkpoint;
import io.understudy.replay.checkpoint.PageConsumer;
import io.understudy.replay.checkpoint.PageSet;
import io.understudy.replay.checkpoint.RocksCheckpointStore;
import io.understudy.replay.checkpoint.StoreOptions;
import io.understudy.schemas.HashChain;
import io.understudy.schemas.VmId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Question: how long does a standby's checkpoint take to be safe on disk, with the pages that
 * changed since the last? Unit: milliseconds, the sync included. Meaningless when the directory for
 * temporary files is in memory, where a sync costs nothing.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class CheckpointBenchmark {
  private static final VmId VM = new VmId("benchmark");
  private static final UUID RUN = new UUID(1, 2);
  private static final int PAGE_SIZE = 4096;
  private static final int MEMORY_PAGES = 8192;
  private static final int MACHINE_STATE_BYTES = 4096;
  private static final int POOL_BYTES = 2 << 20;

  /** Pages that changed. */
  @Param({"16", "256"})
  public int pages;

  private final Random random = new Random(42);
  private final byte[] pool = new byte[POOL_BYTES];
  private Path directory;
  private RocksCheckpointStore store;
  private long epoch;

  /** Opens a store in a new directory; its first checkpoint has every page. */
  @Setup
  public void open() throws IOException {
    random.nextBytes(pool);
    directory = Files.createTempDirectory("understudy-benchmark-");
    store = RocksCheckpointStore.open(directory.resolve("store"), VM, RUN, StoreOptions.DEFAULT);
    store.write(next(), new RandomPages(0, MEMORY_PAGES));
  }

  /** Closes the store and deletes it. */
  @TearDown
  public void close() throws IOException {
    store.close();
    try (Stream<Path> paths = Files.walk(directory)) {
      for (Path path : (Iterable<Path>) paths.sorted(Comparator.reverseOrder())::iterator) {
        Files.delete(path);
      }
    }
  }

  /** One more checkpoint; the oldest of those kept is dropped. */
  @Benchmark
  public void write() {
    store.write(next(), new RandomPages(random.nextInt(MEMORY_PAGES - pages), pages));
  }

  private Checkpoint next() {
    epoch++;
    return new Checkpoint(
        VM,
        RUN,
        epoch,
        epoch * 1000,
        1,
        new LogPosition(
            new ChainState(epoch + 1, epoch * 100, 1, HashChain.genesis()),
            LogPosition.genesis(1).offsets()),
        1,
        2,
        3,
        new byte[MACHINE_STATE_BYTES],
        MEMORY_PAGES,
        PAGE_SIZE);
  }

  /** Pages of bytes that do not compress, cut from a pool: making them must not take time. */
  private final class RandomPages implements PageSet {
    private final int first;
    private final int count;

    RandomPages(int first, int count) {
      this.first = first;
      this.count = count;
    }

    @Override
    public void forEach(PageConsumer consumer) {
      byte[] page = new byte[PAGE_SIZE];
      for (int index = 0; index < count; index++) {
        System.arraycopy(pool, random.nextInt(POOL_BYTES - PAGE_SIZE), page, 0, PAGE_SIZE);
        consumer.page(first + index, page);
      }
    }

    @Override
    public int count() {
      return count;
    }
  }
}
