package io.understudy.replay.checkpoint;

import java.nio.file.Path;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/** The contract for the real store, with checkpoints in one batch and with staged ones. */
final class RocksCheckpointStoreContractTest {

  @Nested
  final class InOneBatch extends CheckpointStoreContract {

    @TempDir Path dir;

    @Override
    CheckpointStore open(int keep) {
      return RocksCheckpointStore.open(
          dir, ModelMachine.VM, ModelMachine.RUN, new StoreOptions(keep, 8 * 1024 * 1024));
    }
  }

  @Nested
  final class Staged extends CheckpointStoreContract {

    @TempDir Path dir;

    @Override
    CheckpointStore open(int keep) {
      return RocksCheckpointStore.open(
          dir, ModelMachine.VM, ModelMachine.RUN, new StoreOptions(keep, 1500));
    }
  }
}
