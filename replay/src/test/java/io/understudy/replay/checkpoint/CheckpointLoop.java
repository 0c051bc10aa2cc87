package io.understudy.replay.checkpoint;

import java.nio.file.Path;

/**
 * A process that continues a store until it is killed: it restores the newest checkpoint, then runs
 * the model and writes a checkpoint per epoch. Prints the epoch of each write that has returned.
 */
final class CheckpointLoop {

  static final int PAGES = 300;
  static final int PAGE_SIZE = 4096;
  static final StoreOptions OPTIONS = new StoreOptions(3, 256 * 1024);

  private CheckpointLoop() {}

  public static void main(String[] args) {
    Path dir = Path.of(args[0]);
    ModelMachine machine = new ModelMachine(Long.parseLong(args[1]), PAGES, PAGE_SIZE);
    try (CheckpointStore store =
        RocksCheckpointStore.open(dir, ModelMachine.VM, ModelMachine.RUN, OPTIONS)) {
      store.newest().ifPresent(newest -> machine.advanceTo(newest.epoch()));
      machine.clean();
      System.out.println("open " + machine.epoch());
      while (!System.out.checkError()) {
        machine.advance();
        machine.writeTo(store);
        System.out.println(machine.epoch());
      }
    }
  }
}
