package io.understudy.replay.checkpoint;

import static io.understudy.replay.checkpoint.ModelMachine.RUN;
import static io.understudy.replay.checkpoint.ModelMachine.VM;
import static io.understudy.replay.checkpoint.ModelMachine.pages;
import static io.understudy.replay.checkpoint.ModelMachine.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.understudy.log.ChainState;
import io.understudy.log.LogPosition;
import io.understudy.schemas.VmId;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every {@link CheckpointStore} does; run for each implementation. */
abstract class CheckpointStoreContract {

  private static final int PAGES = 40;
  private static final int PAGE_SIZE = 512;
  private static final int KEEP = 3;

  private final ModelMachine machine = new ModelMachine(7, PAGES, PAGE_SIZE);
  private CheckpointStore store;

  /** An empty store of {@link ModelMachine#RUN}. */
  abstract CheckpointStore open(int keep);

  @BeforeEach
  void openStore() {
    store = open(KEEP);
  }

  @AfterEach
  void closeStore() {
    store.close();
  }

  private void write(int checkpoints) {
    for (int i = 0; i < checkpoints; i++) {
      machine.advance();
      machine.writeTo(store);
    }
  }

  @Test
  void hasNothing_whenNothingWasWritten() {
    assertThat(store.newest()).isEmpty();
    assertThat(store.list()).isEmpty();
    assertThat(store.epochs()).isEmpty();
    assertThat(store.at(0)).isEmpty();
  }

  @Test
  void givesBackCheckpointAndPages_whenWritten() {
    write(1);

    assertThat(store.newest()).contains(machine.checkpoint());
    assertThat(store.at(0)).contains(machine.checkpoint());
    assertThat(read(store, machine.checkpoint())).isEqualTo(machine.memory());
  }

  @Test
  void givesBackEveryKeptCheckpoint_whenMoreWereWrittenThanAreKept() {
    Map<Checkpoint, SortedMap<Integer, ByteBuffer>> expected = new TreeMap<>(byEpoch());
    for (int i = 0; i < 12; i++) {
      write(1);
      expected.put(machine.checkpoint(), machine.memory());
    }

    List<Checkpoint> list = store.list();

    assertThat(list).extracting(Checkpoint::epoch).containsExactly(9L, 10L, 11L);
    assertThat(store.epochs()).containsExactly(9L, 10L, 11L);
    assertThat(store.at(8)).isEmpty();
    for (Checkpoint checkpoint : list) {
      assertThat(read(store, checkpoint)).isEqualTo(expected.get(checkpoint));
    }
  }

  private static Comparator<Checkpoint> byEpoch() {
    return Comparator.comparingLong(Checkpoint::epoch);
  }

  @Test
  void handsOverPagesInAscendingOrder_whenTheyWereWrittenInAnyOrder() {
    for (int number : new int[] {9, 2, 30}) {
      machine.advance();
      store.write(machine.checkpoint(), pages(one(number)));
    }
    List<Integer> order = new ArrayList<>();

    store.readPages(machine.checkpoint(), (number, content) -> order.add(number));

    assertThat(order).containsExactly(2, 9, 30);
  }

  @Test
  void acceptsACheckpoint_whenNoPageChanged() {
    write(4);
    SortedMap<Integer, ByteBuffer> before = machine.memory();

    store.write(machine.checkpoint(machine.epoch() + 1), pages(new TreeMap<>()));

    assertThat(read(store, machine.checkpoint(machine.epoch() + 1))).isEqualTo(before);
  }

  @Test
  void refusesACheckpoint_whenItIsNotNewer() {
    write(2);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> store.write(machine.checkpoint(1), pages(new TreeMap<>())))
        .withMessageContaining("epoch=1 newest=1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> store.write(machine.checkpoint(0), pages(new TreeMap<>())));
  }

  @Test
  void refusesACheckpoint_whenItBelongsToAnotherRunOrMachine() {
    Checkpoint otherVm = with(new VmId("other"), RUN, PAGES);
    Checkpoint otherRun = with(VM, new UUID(1, 2), PAGES);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> store.write(otherVm, pages(new TreeMap<>())))
        .withMessageContaining("vm expected=ledger actual=other");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> store.write(otherRun, pages(new TreeMap<>())))
        .withMessageContaining("actual=" + new UUID(1, 2));
  }

  @Test
  void refusesACheckpoint_whenMemoryHasAnotherSize() {
    write(2);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> store.write(with(VM, RUN, PAGES + 1), pages(new TreeMap<>())))
        .withMessageContaining("expected=40x512 actual=41x512");
  }

  private static Checkpoint with(VmId vm, UUID run, int pageCount) {
    LogPosition log =
        new LogPosition(new ChainState(100, 500, 1, new byte[32]), new TreeMap<>(Map.of(0, 17L)));
    return new Checkpoint(vm, run, 99, 0, 1, log, 1, 2, 3, new byte[4], pageCount, PAGE_SIZE);
  }

  @Test
  void changesNothing_whenThePageSetIsWrong() {
    write(4);
    List<PageSet> wrong =
        List.of(
            pages(one(PAGES)),
            pages(one(-1)),
            pages(new TreeMap<>(Map.of(3, new byte[PAGE_SIZE - 1]))),
            repeated(5, 2),
            counting(pages(one(5)), 2));

    for (PageSet set : wrong) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> store.write(machine.checkpoint(machine.epoch() + 1), set));
      assertThat(store.newest()).contains(machine.checkpoint());
      assertThat(read(store, machine.checkpoint())).isEqualTo(machine.memory());
    }
    write(1);
    assertThat(read(store, machine.checkpoint())).isEqualTo(machine.memory());
  }

  @Test
  void changesNothing_whenThePageSetFailsHalfWay() {
    write(4);
    PageSet failing =
        counting(
            new PageSet() {
              @Override
              public void forEach(PageConsumer consumer) {
                for (int number = 0; number < PAGES; number++) {
                  consumer.page(number, new byte[PAGE_SIZE]);
                }
                throw new UnsupportedOperationException("page cannot be read");
              }

              @Override
              public int count() {
                return PAGES;
              }
            },
            PAGES);

    assertThatThrownBy(() -> store.write(machine.checkpoint(machine.epoch() + 1), failing))
        .isInstanceOf(UnsupportedOperationException.class);

    assertThat(store.newest()).contains(machine.checkpoint());
    write(1);
    assertThat(read(store, machine.checkpoint())).isEqualTo(machine.memory());
  }

  @Test
  void forgetsNewerCheckpoints_whenToldTo() {
    write(3);
    SortedMap<Integer, ByteBuffer> before = machine.memory();
    Checkpoint kept = machine.checkpoint();
    write(2);

    store.discardNewerThan(kept.epoch());

    assertThat(store.newest()).contains(kept);
    assertThat(read(store, kept)).isEqualTo(before);
    // The same epoch may come again, with other pages than the first time.
    store.write(machine.checkpoint(kept.epoch() + 1), pages(one(6)));
    SortedMap<Integer, ByteBuffer> after = new TreeMap<>(before);
    after.put(6, ByteBuffer.wrap(one(6).get(6)));
    assertThat(read(store, machine.checkpoint(kept.epoch() + 1))).isEqualTo(after);
  }

  @Test
  void refusesToForget_whenTheCheckpointThatStaysIsUnknown() {
    write(1);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> store.discardNewerThan(5))
        .withMessageContaining("epoch=5");
  }

  @Test
  void refusesToReadPages_whenTheCheckpointIsNotInTheStore() {
    write(KEEP + 1);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> store.readPages(machine.checkpoint(0), (number, content) -> {}))
        .withMessageContaining("epoch=0 kept=[1, 2, 3]");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                store.readPages(
                    new ModelMachine(8, PAGES, PAGE_SIZE).checkpoint(3), (number, content) -> {}));
  }

  @Test
  void throwsAndStaysUsable_whenCalledFromItsOwnCallback() {
    write(4);
    Checkpoint newest = machine.checkpoint();
    List<Runnable> calls = List.of(store::newest, store::close, () -> store.discardNewerThan(3));

    for (Runnable call : calls) {
      assertThatIllegalStateException()
          .isThrownBy(() -> store.readPages(newest, (number, content) -> call.run()));
    }

    assertThat(read(store, newest)).isEqualTo(machine.memory());
  }

  @Test
  void throws_whenUsedAfterClose() {
    write(1);
    Checkpoint newest = machine.checkpoint();
    store.close();

    assertThatIllegalStateException().isThrownBy(store::newest);
    assertThatIllegalStateException().isThrownBy(store::list);
    assertThatIllegalStateException().isThrownBy(store::epochs);
    assertThatIllegalStateException().isThrownBy(() -> store.at(0));
    assertThatIllegalStateException().isThrownBy(() -> store.discardNewerThan(0));
    assertThatIllegalStateException()
        .isThrownBy(() -> store.readPages(newest, (number, content) -> {}));
    assertThatIllegalStateException()
        .isThrownBy(() -> store.write(machine.checkpoint(1), pages(new TreeMap<>())));
    assertThatCode(store::close).doesNotThrowAnyException();
  }

  private static SortedMap<Integer, byte[]> one(int number) {
    byte[] content = new byte[PAGE_SIZE];
    ByteBuffer.wrap(content).putInt(number);
    return new TreeMap<>(Map.of(number, content));
  }

  private static PageSet repeated(int number, int times) {
    return new PageSet() {
      @Override
      public void forEach(PageConsumer consumer) {
        for (int i = 0; i < times; i++) {
          consumer.page(number, new byte[PAGE_SIZE]);
        }
      }

      @Override
      public int count() {
        return times;
      }
    };
  }

  private static PageSet counting(PageSet set, int count) {
    return new PageSet() {
      @Override
      public void forEach(PageConsumer consumer) {
        set.forEach(consumer);
      }

      @Override
      public int count() {
        return count;
      }
    };
  }
}
