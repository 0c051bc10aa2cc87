package io.understudy.log;

import io.understudy.schemas.VmId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/**
 * The event log of one VM in memory: a fake of a cluster, for tests of other modules. It passes the
 * same contract test as Kafka, and its readers check every record as {@link EpochReader} does.
 *
 * <p>Thread-safe; the writers and sources made from it are owned by one thread each.
 */
public final class InMemoryEpochLog {
  private final VmId vm;
  private final List<List<byte[]>> partitions = new ArrayList<>();
  private Fenced leader;
  private Failure nextCommit = Failure.NONE;

  /** What a commit can be told to do instead of succeeding. */
  public enum Failure {
    /** Succeed. */
    NONE,
    /** Throw, and the epoch is not in the log. */
    LOST,
    /** Throw, and the epoch is in the log all the same: the answer got lost. */
    LOST_ANSWER
  }

  /** An empty log. */
  public InMemoryEpochLog(VmId vm, int partitions) {
    this.vm = vm;
    for (int partition = 0; partition < partitions; partition++) {
      this.partitions.add(new ArrayList<>());
    }
  }

  /** Makes the next commit of any writer fail. */
  public synchronized void failNextCommit(Failure failure) {
    nextCommit = failure;
  }

  /** Takes the right to write; every former writer's next commit fails. */
  public synchronized FencedWriter fence() {
    leader = new Fenced();
    return leader;
  }

  /** A reader from {@code start}; a null run is learned, a null start is the beginning. */
  public EpochSource source(UUID run, LogPosition start) {
    return new Source(run, start == null ? LogPosition.genesis(partitions.size()) : start);
  }

  private synchronized void append(Fenced writer, SealedEpoch epoch) {
    Failure failure = nextCommit;
    nextCommit = Failure.NONE;
    if (writer != leader) {
      throw new LogFencedException("fenced by a later writer: epoch=" + epoch.number());
    }
    if (failure == Failure.LOST) {
      throw new LogFencedException("told to fail: epoch=" + epoch.number());
    }
    partitions.get(epoch.partition()).addAll(epoch.wire());
    notifyAll();
    if (failure == Failure.LOST_ANSWER) {
      throw new LogFencedException("told to lose the answer: epoch=" + epoch.number());
    }
  }

  /** The record at {@code offset}, waiting for it until the deadline; null when there is none. */
  private synchronized byte[] read(int partition, long offset, long deadlineNanos) {
    List<byte[]> records = partitions.get(partition);
    while (offset >= records.size()) {
      long leftNanos = deadlineNanos - System.nanoTime();
      if (leftNanos <= 0) {
        return null;
      }
      try {
        TimeUnit.NANOSECONDS.timedWait(this, leftNanos);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return null;
      }
    }
    return records.get(Math.toIntExact(offset));
  }

  private synchronized LogEnd committedEnd() {
    SortedMap<Integer, Long> ends = new TreeMap<>();
    for (int partition = 0; partition < partitions.size(); partition++) {
      ends.put(partition, (long) partitions.get(partition).size());
    }
    return new LogEnd(ends);
  }

  private final class Fenced implements FencedWriter {
    private boolean begun;

    @Override
    public EpochLog begin(UUID run, long term, ChainState chain, int partitionCount) {
      if (begun) {
        throw new IllegalStateException("the fenced writer was begun before: vm=" + vm);
      }
      if (term != chain.term() + 1 || partitionCount != partitions.size()) {
        throw new IllegalArgumentException(
            "a leadership must continue the last one: term=" + term + " chain=" + chain);
      }
      begun = true;
      return new Writer(this, run, term, chain);
    }

    @Override
    public void close() {}
  }

  private final class Writer implements EpochLog {
    private final Fenced right;
    private final UUID run;
    private final long term;
    private final SortedMap<Integer, Long> offsets = new TreeMap<>();
    private ChainState chain;
    private boolean usable = true;

    private Writer(Fenced right, UUID run, long term, ChainState chain) {
      this.right = right;
      this.run = run;
      this.term = term;
      this.chain = chain;
    }

    @Override
    public ChainState state() {
      return chain;
    }

    @Override
    public CommittedEpoch commit(EpochDraft draft) {
      if (!usable) {
        throw new LogFencedException("log writer is unusable since an earlier failure: vm=" + vm);
      }
      SealedEpoch epoch = SealedEpoch.seal(vm.text(), run, term, partitions.size(), chain, draft);
      usable = false;
      append(right, epoch);
      usable = true;
      chain = epoch.next();
      offsets.put(epoch.partition(), committedEnd().offsets().get(epoch.partition()));
      return new CommittedEpoch(epoch.number(), term, chain, epoch.sizeBytes(), offsets);
    }

    @Override
    public void close() {
      usable = false;
    }
  }

  private final class Source implements EpochSource {
    private final EpochVerifier verifier;
    private final SortedMap<Integer, Long> consumed;

    private Source(UUID run, LogPosition start) {
      this.verifier = new EpochVerifier(vm.text(), run, start);
      this.consumed = new TreeMap<>(start.offsets());
    }

    @Override
    public Epoch poll(Duration timeout) {
      long deadlineNanos = System.nanoTime() + timeout.toNanos();
      while (true) {
        int partition = verifier.nextPartition();
        long offset = consumed.get(partition);
        byte[] value = read(partition, offset, deadlineNanos);
        if (value == null) {
          return null;
        }
        consumed.put(partition, offset + 1);
        Epoch epoch = verifier.accept(partition, offset, 0, value);
        if (epoch != null) {
          return epoch;
        }
      }
    }

    @Override
    public LogPosition position() {
      return verifier.position();
    }

    @Override
    public LogEnd end() {
      return committedEnd();
    }

    @Override
    public boolean reached(LogEnd end) {
      return end.offsets().entrySet().stream()
          .allMatch(entry -> consumed.get(entry.getKey()) >= entry.getValue());
    }

    @Override
    public void close() {}
  }
}
