package io.understudy.replay.checkpoint;

import static io.understudy.replay.checkpoint.ModelMachine.RUN;
import static io.understudy.replay.checkpoint.ModelMachine.VM;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Random;

/**
 * Question: how long do a write and a restore take, and what does the store take on disk? Not a
 * test; run {@code main} with an empty directory and the number of writes per size.
 *
 * <p>Units: milliseconds, bytes. Pages are 4 KiB, three quarters of them random, the others almost
 * zero. Meaningless on a file system in memory (a sync costs nothing there) and after other work on
 * the same disk; restore is measured with a warm page cache.
 */
final class CheckpointStoreMeasurement {

  private static final int PAGE_SIZE = 4096;

  private CheckpointStoreMeasurement() {}

  public static void main(String[] args) throws IOException {
    Path dir = Path.of(args[0]);
    int writes = Integer.parseInt(args[1]);
    for (int changed : new int[] {16, 256, 4096}) {
      measure(
          dir.resolve("write-" + changed),
          16384,
          16384,
          changed,
          changed > 256 ? writes / 4 : writes);
    }
    measure(dir.resolve("restore-4096"), 4096, 4096, 1, 1);
    measure(dir.resolve("restore-65536"), 65536, 65536, 1, 1);
  }

  private static void measure(Path dir, int pageCount, int first, int changed, int writes) {
    Random random = new Random(42);
    ModelMachine model = new ModelMachine(1, pageCount, PAGE_SIZE);
    double[] ms = new double[writes];
    double firstMs;
    try (RocksCheckpointStore store =
        RocksCheckpointStore.open(dir, VM, RUN, StoreOptions.DEFAULT)) {
      firstMs = write(store, model.checkpoint(0), 0, first, random);
      for (int i = 0; i < writes; i++) {
        int from = random.nextInt(pageCount - changed + 1);
        ms[i] = write(store, model.checkpoint(i + 1), from, changed, random);
      }
    }
    long opening = System.nanoTime();
    try (RocksCheckpointStore store = RocksCheckpointStore.openExisting(dir)) {
      double openMs = millisSince(opening);
      long start = System.nanoTime();
      long[] sum = new long[1];
      store.readPages(store.newest().orElseThrow(), (number, content) -> sum[0] += content[0]);
      double restoreMs = millisSince(start);
      StoreReport report = store.verify();
      Arrays.sort(ms);
      System.out.printf(
          Locale.ROOT,
          "pages=%d first=%.0f ms, %d writes of %d: p50=%.2f p99=%.2f max=%.2f ms; open=%.0f ms,"
              + " restore=%.0f ms; versions=%d content=%d MiB disk=%d MiB damage=%s%n",
          pageCount,
          firstMs,
          writes,
          changed,
          ms[writes / 2],
          ms[(int) (writes * 0.99)],
          ms[writes - 1],
          openMs,
          restoreMs,
          report.pageVersions(),
          report.pageBytes() >> 20,
          report.diskBytes() >> 20,
          report.damage());
    }
  }

  private static double write(
      RocksCheckpointStore store, Checkpoint checkpoint, int from, int count, Random random) {
    byte[] content = new byte[PAGE_SIZE];
    PageSet pages =
        new PageSet() {
          @Override
          public void forEach(PageConsumer consumer) {
            for (int i = 0; i < count; i++) {
              if (i % 4 == 0) {
                Arrays.fill(content, (byte) 0);
                content[17] = (byte) i;
              } else {
                random.nextBytes(content);
              }
              consumer.page(from + i, content);
            }
          }

          @Override
          public int count() {
            return count;
          }
        };
    long start = System.nanoTime();
    store.write(checkpoint, pages);
    return millisSince(start);
  }

  private static double millisSince(long startNanos) {
    return (System.nanoTime() - startNanos) / 1e6;
  }
}
