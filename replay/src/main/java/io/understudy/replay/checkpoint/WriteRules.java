package io.understudy.replay.checkpoint;

import io.understudy.schemas.VmId;
import java.util.Collection;
import java.util.UUID;

/** What every store asks of its arguments; wrong ones are {@link IllegalArgumentException}. */
final class WriteRules {

  private WriteRules() {}

  static void requireRun(Checkpoint checkpoint, VmId vm, UUID run) {
    if (!checkpoint.vm().equals(vm) || !checkpoint.run().equals(run)) {
      throw new IllegalArgumentException(
          "checkpoint belongs to another run: vm expected="
              + vm
              + " actual="
              + checkpoint.vm()
              + " run expected="
              + run
              + " actual="
              + checkpoint.run());
    }
  }

  static void requireSuccessor(Checkpoint checkpoint, Checkpoint newest) {
    if (checkpoint.epoch() <= newest.epoch()) {
      throw new IllegalArgumentException(
          "checkpoint must be newer than the newest: epoch="
              + checkpoint.epoch()
              + " newest="
              + newest.epoch());
    }
    if (checkpoint.pageCount() != newest.pageCount()
        || checkpoint.pageSize() != newest.pageSize()) {
      throw new IllegalArgumentException(
          "size of memory cannot change: expected="
              + newest.pageCount()
              + "x"
              + newest.pageSize()
              + " actual="
              + checkpoint.pageCount()
              + "x"
              + checkpoint.pageSize());
    }
  }

  static void requireKept(Checkpoint checkpoint, Collection<Long> epochs) {
    requireKept(checkpoint.epoch(), epochs);
  }

  static void requireKept(long epoch, Collection<Long> epochs) {
    if (!epochs.contains(epoch)) {
      throw new IllegalArgumentException(
          "store has no checkpoint of this epoch: epoch=" + epoch + " kept=" + epochs);
    }
  }

  static void requireEqual(Checkpoint asked, Checkpoint stored) {
    if (!asked.equals(stored)) {
      throw new IllegalArgumentException(
          "store has another checkpoint of this epoch: asked=" + asked + " stored=" + stored);
    }
  }
}
