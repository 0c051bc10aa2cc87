package io.understudy.failover.node;

import io.understudy.replay.checkpoint.RocksCheckpointStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where a node keeps the checkpoints of one VM, and where it puts those that are good for nothing
 * any more: beside, under one name, so that the newest can be looked at and they do not pile up.
 *
 * <p>Owned by the VM's thread; the store must not be open.
 */
final class StoreKeeper {
  private static final Logger LOG = LoggerFactory.getLogger(StoreKeeper.class);
  private static final String STORE = "checkpoints";
  private static final String ASIDE = "checkpoints.set-aside";

  private final Path store;
  private final Path aside;

  /** Keeps what is in {@code stateDirectory}, which need not exist. */
  StoreKeeper(Path stateDirectory) {
    this.store = storeIn(stateDirectory);
    this.aside = stateDirectory.resolve(ASIDE);
  }

  /** Where the checkpoints are, whether there are any or not. */
  static Path storeIn(Path stateDirectory) {
    return stateDirectory.resolve(STORE);
  }

  /** Whether there is anything in it. */
  boolean exists() {
    return Files.exists(store);
  }

  /**
   * The run whose checkpoints it holds, empty if it holds none.
   *
   * @throws io.understudy.replay.checkpoint.CheckpointDamagedException if that cannot be read
   * @throws io.understudy.replay.checkpoint.CheckpointStoreException if it is in use
   */
  Optional<UUID> run() {
    if (!Files.exists(store.resolve("CURRENT"))) {
      return Optional.empty();
    }
    try (RocksCheckpointStore opened = RocksCheckpointStore.openExisting(store)) {
      return Optional.of(opened.run());
    }
  }

  /** Moves the checkpoints away; those that were moved away before are deleted. */
  void setAside(String why) {
    try {
      if (!exists()) {
        return;
      }
      delete(aside);
      Files.move(store, aside, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException failure) {
      throw new UncheckedIOException("cannot set checkpoints aside: directory=" + store, failure);
    }
    LOG.warn("checkpoints set aside: from={} to={} because: {}", store, aside, why);
  }

  private static void delete(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return;
    }
    try (Stream<Path> all = Files.walk(directory)) {
      for (Path path : (Iterable<Path>) all.sorted(Comparator.reverseOrder())::iterator) {
        Files.delete(path);
      }
    }
  }
}
