package io.understudy.replay.checkpoint;

import io.understudy.log.ChainState;
import io.understudy.log.LogPosition;
import io.understudy.schemas.VmId;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;

/**
 * A machine whose memory and state follow from a seed and the epoch alone, so that another process
 * can say what every checkpoint must contain.
 */
final class ModelMachine {

  static final VmId VM = new VmId("ledger");
  static final UUID RUN = new UUID(0x1111_2222_3333_4444L, 0x5555_6666_7777_8888L);

  private final long seed;
  private final int pageCount;
  private final int pageSize;
  private final SortedMap<Integer, byte[]> memory = new TreeMap<>();
  private final TreeSet<Integer> dirty = new TreeSet<>();
  private long epoch = -1;

  ModelMachine(long seed, int pageCount, int pageSize) {
    this.seed = seed;
    this.pageCount = pageCount;
    this.pageSize = pageSize;
  }

  /** Runs one epoch: changes a few pages, and every seventh time most of them. */
  void advance() {
    epoch++;
    Random random = new Random((seed * 1_000_003 + epoch) * 0x9e37_79b9_7f4a_7c15L);
    int changes = epoch % 7 == 3 ? pageCount : random.nextInt(1 + pageCount / 16);
    for (int i = 0; i < changes; i++) {
      int number = random.nextInt(pageCount);
      byte[] content = new byte[pageSize];
      switch (random.nextInt(4)) {
        case 0 -> {} // a page may become zero again, and that is a change like any other
        case 1 -> ByteBuffer.wrap(content).putLong(epoch);
        default -> random.nextBytes(content);
      }
      memory.put(number, content);
      dirty.add(number);
    }
  }

  void advanceTo(long target) {
    while (epoch < target) {
      advance();
    }
  }

  long epoch() {
    return epoch;
  }

  Checkpoint checkpoint() {
    return checkpoint(epoch);
  }

  Checkpoint checkpoint(long epoch) {
    Random random = new Random(seed ^ (epoch * 7919));
    byte[] hash = new byte[32];
    random.nextBytes(hash);
    byte[] state = new byte[3000];
    random.nextBytes(state);
    TreeMap<Integer, Long> offsets = new TreeMap<>();
    offsets.put(0, epoch * 3);
    offsets.put(1, epoch * 2 + 1);
    return new Checkpoint(
        VM,
        RUN,
        epoch,
        epoch * 1000,
        epoch == 0 ? 0 : 1,
        new LogPosition(
            new ChainState(epoch + 1, (epoch + 1) * 5, epoch == 0 ? 0 : 1, hash), offsets),
        random.nextLong(),
        random.nextLong(),
        random.nextLong(),
        state,
        pageCount,
        pageSize);
  }

  /** Pages that changed since the last {@link #clean}. */
  PageSet dirtyPages() {
    SortedMap<Integer, byte[]> pages = new TreeMap<>();
    dirty.forEach(number -> pages.put(number, memory.get(number)));
    return pages(pages);
  }

  void clean() {
    dirty.clear();
  }

  /** Writes a checkpoint of this moment. */
  void writeTo(CheckpointStore store) {
    store.write(checkpoint(), dirtyPages());
    clean();
  }

  /** Memory as {@link #read} gives it back. */
  SortedMap<Integer, ByteBuffer> memory() {
    SortedMap<Integer, ByteBuffer> copy = new TreeMap<>();
    memory.forEach((number, content) -> copy.put(number, ByteBuffer.wrap(content.clone())));
    return copy;
  }

  static SortedMap<Integer, ByteBuffer> read(CheckpointStore store, Checkpoint checkpoint) {
    SortedMap<Integer, ByteBuffer> pages = new TreeMap<>();
    store.readPages(
        checkpoint, (number, content) -> pages.put(number, ByteBuffer.wrap(content.clone())));
    return pages;
  }

  /** A page set that passes one buffer for all pages, as the machine does. */
  static PageSet pages(SortedMap<Integer, byte[]> pages) {
    return new PageSet() {
      @Override
      public void forEach(PageConsumer consumer) {
        byte[] buffer = pages.isEmpty() ? new byte[0] : pages.get(pages.firstKey()).clone();
        pages.forEach(
            (number, content) -> {
              if (content.length == buffer.length) {
                System.arraycopy(content, 0, buffer, 0, buffer.length);
                consumer.page(number, buffer);
              } else {
                consumer.page(number, content);
              }
            });
      }

      @Override
      public int count() {
        return pages.size();
      }
    };
  }
}
