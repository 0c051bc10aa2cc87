package io.understudy.replay.checkpoint;

import java.io.IOException;
import java.nio.file.Path;

/** A process that keeps a store open until its standard input ends. */
final class StoreHolder {

  private StoreHolder() {}

  public static void main(String[] args) throws IOException {
    try (CheckpointStore store =
        RocksCheckpointStore.open(
            Path.of(args[0]), ModelMachine.VM, ModelMachine.RUN, StoreOptions.DEFAULT)) {
      System.out.println("open " + store.epochs());
      System.in.transferTo(System.out);
    }
  }
}
