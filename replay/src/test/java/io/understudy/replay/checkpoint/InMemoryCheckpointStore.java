package io.understudy.replay.checkpoint;

import io.understudy.schemas.VmId;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;

/**
 * A checkpoint store for tests of its callers: same rules, no disk. Every checkpoint has its own
 * copy of all pages, which is the obvious meaning of what the real store does with shared ones.
 *
 * <p>Owned by one thread.
 */
public final class InMemoryCheckpointStore implements CheckpointStore {

  private record Kept(Checkpoint checkpoint, SortedMap<Integer, byte[]> pages) {}

  private final VmId vm;
  private final UUID run;
  private final int keep;
  private final TreeMap<Long, Kept> kept = new TreeMap<>();
  private boolean closed;
  private boolean busy;

  public InMemoryCheckpointStore(VmId vm, UUID run, int keep) {
    this.vm = vm;
    this.run = run;
    this.keep = keep;
  }

  @Override
  public void write(Checkpoint checkpoint, PageSet pages) {
    requireUsable();
    WriteRules.requireRun(checkpoint, vm, run);
    SortedMap<Integer, byte[]> all = new TreeMap<>();
    if (!kept.isEmpty()) {
      Kept newest = kept.lastEntry().getValue();
      WriteRules.requireSuccessor(checkpoint, newest.checkpoint());
      all.putAll(newest.pages());
    }
    PageSet checked = new CheckedPageSet(checkpoint, pages);
    guarded(() -> checked.forEach((number, content) -> all.put(number, content.clone())));
    kept.put(checkpoint.epoch(), new Kept(checkpoint, all));
    while (kept.size() > keep) {
      kept.pollFirstEntry();
    }
  }

  @Override
  public Optional<Checkpoint> newest() {
    requireUsable();
    return Optional.ofNullable(kept.lastEntry()).map(entry -> entry.getValue().checkpoint());
  }

  @Override
  public List<Long> epochs() {
    requireUsable();
    return List.copyOf(kept.keySet());
  }

  @Override
  public List<Checkpoint> list() {
    requireUsable();
    return kept.values().stream().map(Kept::checkpoint).toList();
  }

  @Override
  public Optional<Checkpoint> at(long epoch) {
    requireUsable();
    return Optional.ofNullable(kept.get(epoch)).map(Kept::checkpoint);
  }

  @Override
  public void readPages(Checkpoint checkpoint, PageConsumer into) {
    requireUsable();
    WriteRules.requireKept(checkpoint, kept.keySet());
    Kept found = kept.get(checkpoint.epoch());
    WriteRules.requireEqual(checkpoint, found.checkpoint());
    guarded(
        () -> {
          for (Map.Entry<Integer, byte[]> page : found.pages().entrySet()) {
            into.page(page.getKey(), page.getValue().clone());
          }
        });
  }

  @Override
  public void discardNewerThan(long epoch) {
    requireUsable();
    WriteRules.requireKept(epoch, kept.keySet());
    kept.tailMap(epoch, false).clear();
  }

  @Override
  public void close() {
    if (busy) {
      throw new IllegalStateException("checkpoint store is closed from inside its own call");
    }
    closed = true;
  }

  private void requireUsable() {
    if (closed || busy) {
      throw new IllegalStateException(
          closed
              ? "checkpoint store is closed"
              : "checkpoint store is called from inside its own call");
    }
  }

  private void guarded(Runnable call) {
    busy = true;
    try {
      call.run();
    } finally {
      busy = false;
    }
  }
}
