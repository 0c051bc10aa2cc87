package io.understudy.failover.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.replay.checkpoint.RocksCheckpointStore;
import io.understudy.replay.checkpoint.StoreOptions;
import io.understudy.schemas.VmId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoreKeeperTest {
  @TempDir private Path state;

  @Test
  void knowsTheRunOfTheStore() {
    UUID run = UUID.randomUUID();
    StoreKeeper keeper = new StoreKeeper(state);
    assertThat(keeper.run()).isEmpty();

    create(run);

    assertThat(keeper.run()).contains(run);
  }

  @Test
  void keepsOnlyTheNewestThatWasSetAside() throws IOException {
    StoreKeeper keeper = new StoreKeeper(state);
    create(UUID.randomUUID());
    keeper.setAside("damaged");
    UUID second = UUID.randomUUID();
    create(second);

    keeper.setAside("damaged again");

    assertThat(keeper.exists()).isFalse();
    try (Stream<Path> left = Files.list(state)) {
      Path aside = left.toList().get(0);
      try (RocksCheckpointStore kept = RocksCheckpointStore.openExisting(aside)) {
        assertThat(kept.run()).isEqualTo(second);
      }
    }
  }

  @Test
  void nothingToSetAsideIsNoFailure() {
    new StoreKeeper(state.resolve("missing")).setAside("no reason");

    assertThat(state.resolve("missing")).doesNotExist();
  }

  private void create(UUID run) {
    RocksCheckpointStore.open(StoreKeeper.storeIn(state), new VmId("a"), run, StoreOptions.DEFAULT)
        .close();
  }
}
