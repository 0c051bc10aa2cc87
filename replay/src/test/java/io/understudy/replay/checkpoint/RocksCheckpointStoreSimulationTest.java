package io.understudy.replay.checkpoint;

import static io.understudy.replay.checkpoint.ModelMachine.RUN;
import static io.understudy.replay.checkpoint.ModelMachine.VM;
import static io.understudy.replay.checkpoint.ModelMachine.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random histories of writes, failed writes, reopening and discarding, against a model that keeps a
 * full copy of each checkpoint. The name of a test contains its seed.
 */
@Tag("simulation")
final class RocksCheckpointStoreSimulationTest {

  private static final int PAGES = 200;
  private static final int PAGE_SIZE = 512;
  private static final int STEPS = 150;

  @TempDir Path dir;

  private final TreeMap<Long, SortedMap<Integer, ByteBuffer>> expected = new TreeMap<>();
  private ModelMachine machine;
  private StoreOptions options;
  private RocksCheckpointStore store;

  @ParameterizedTest(name = "seed={0}")
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void everyKeptCheckpointReadsBackExactly(long seed) {
    Random random = new Random(seed);
    machine = new ModelMachine(seed, PAGES, PAGE_SIZE);
    options = new StoreOptions(1 + random.nextInt(4), 2000 << random.nextInt(7));
    open();
    for (int step = 0; step < STEPS; step++) {
      machine.advance();
      switch (random.nextInt(12)) {
        case 0 -> reopen();
        case 1 -> failAWrite();
        case 2 -> discard(random);
        case 3 -> {} // the next checkpoint covers two epochs
        default -> write();
      }
      if (step % 10 == 0) {
        checkAll();
      }
    }
    reopen();
    checkAll();
    store.close();
  }

  private void open() {
    store = RocksCheckpointStore.open(dir, VM, RUN, options);
  }

  private void reopen() {
    store.close();
    open();
  }

  private void write() {
    machine.writeTo(store);
    expected.put(machine.epoch(), machine.memory());
    while (expected.size() > options.keep()) {
      expected.pollFirstEntry();
    }
  }

  private void failAWrite() {
    PageSet dirty = machine.dirtyPages();
    PageSet failing =
        new PageSet() {
          @Override
          public void forEach(PageConsumer consumer) {
            dirty.forEach(consumer);
            throw new UnsupportedOperationException("half-way");
          }

          @Override
          public int count() {
            return dirty.count();
          }
        };
    assertThatThrownBy(() -> store.write(machine.checkpoint(), failing))
        .isInstanceOf(UnsupportedOperationException.class);
  }

  /**
   * Drops some of the newest checkpoints. The machine stays where it is, so it must write all pages
   * that changed since the one that is left; the model knows them by comparing.
   */
  private void discard(Random random) {
    if (expected.isEmpty()) {
      return;
    }
    List<Long> epochs = new ArrayList<>(expected.keySet());
    long stays = epochs.get(random.nextInt(epochs.size()));
    store.discardNewerThan(stays);
    expected.tailMap(stays, false).clear();

    SortedMap<Integer, ByteBuffer> old = expected.get(stays);
    SortedMap<Integer, byte[]> changed = new TreeMap<>();
    machine
        .memory()
        .forEach(
            (number, content) -> {
              if (!content.equals(old.get(number))) {
                byte[] copy = new byte[PAGE_SIZE];
                content.duplicate().get(copy);
                changed.put(number, copy);
              }
            });
    machine.advanceTo(Math.max(machine.epoch(), stays + 1));
    machine.dirtyPages().forEach((number, content) -> changed.put(number, content.clone()));
    store.write(machine.checkpoint(), ModelMachine.pages(changed));
    machine.clean();
    expected.put(machine.epoch(), machine.memory());
    while (expected.size() > options.keep()) {
      expected.pollFirstEntry();
    }
  }

  private void checkAll() {
    assertThat(store.epochs()).containsExactlyElementsOf(expected.keySet());
    expected.forEach(
        (epoch, memory) -> {
          Checkpoint checkpoint = store.at(epoch).orElseThrow();
          assertThat(checkpoint).isEqualTo(machine.checkpoint(epoch));
          assertThat(read(store, checkpoint)).isEqualTo(memory);
        });
    StoreReport report = store.verify();
    assertThat(report.damage()).isEmpty();
    assertThat(report.unneededVersions()).isZero();
    assertThat(report.checkpoints()).allMatch(StoreReport.CheckpointReport::restorable);
  }
}
