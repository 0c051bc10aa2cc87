package io.understudy.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.understudy.log.ChainState;
import io.understudy.log.Epoch;
import io.understudy.schemas.EventRecord;
import io.understudy.schemas.GuestEvent;
import io.understudy.schemas.VmId;
import java.util.UUID;

/**
 * What a reader of a log has found right: which epochs of which run, and the hash behind the last
 * of them, which stands for all that came before. Owned by one thread.
 */
final class LogVerdict {
  private final VmId vm;
  private UUID run;
  private long firstEpoch = -1;
  private long epochs;
  private ChainState chain;
  private String ended;
  private boolean isComplete;

  LogVerdict(VmId vm) {
    this.vm = vm;
  }

  /** One more epoch was read and is right. */
  void add(Epoch epoch) {
    if (epochs == 0) {
      run = epoch.markRecord().run();
      firstEpoch = epoch.number();
    }
    epochs++;
    chain = epoch.next().chain();
    for (EventRecord record : epoch.events()) {
      if (record.event() instanceof GuestEvent.RunEnded end) {
        ended = end.reason();
      }
    }
  }

  /** There was no more to read. */
  void reachedEnd() {
    isComplete = true;
  }

  /** How many epochs. */
  long epochs() {
    return epochs;
  }

  /** The last of them, -1 if there is none. */
  long lastEpoch() {
    return epochs == 0 ? -1 : chain.lastEpoch();
  }

  /** One line for people. */
  String line() {
    return "checked: vm="
        + vm
        + " run="
        + run
        + " epochs="
        + epochs
        + " firstEpoch="
        + firstEpoch
        + " lastEpoch="
        + lastEpoch()
        + " term="
        + chain.term()
        + " hash="
        + chain.hashHex()
        // Last, because it is not ours.
        + " ended="
        + (ended != null
            ? Printable.line(ended)
            : isComplete ? "no" : "unknown, not read to its end");
  }

  /** The same for machines. */
  ObjectNode json() {
    return Json.object()
        .put("vm", vm.text())
        .put("run", run.toString())
        .put("epochs", epochs)
        .put("firstEpoch", firstEpoch)
        .put("lastEpoch", lastEpoch())
        .put("term", chain.term())
        .put("complete", isComplete)
        .put("ended", ended)
        .put("hash", chain.hashHex());
  }
}
