package io.understudy.benchmarks.machine;

import io.understudy.log.ChainState;
import io.understudy.log.CommittedEpoch;
import io.understudy.log.EpochDraft;
import io.understudy.log.EpochLog;
import java.util.ArrayList;
import java.util.List;

/**
 * An event log that notes how long each commit takes. Owned by one thread at a time, as the log
 * itself.
 */
final class TimedLog implements EpochLog {
  private final EpochLog log;
  private final List<Commit> commits = new ArrayList<>();
  private long events;

  /** One commit: when it began, and how long it took. */
  private record Commit(long beganNanos, long nanos) {}

  /** Over {@code log}, which it closes. */
  TimedLog(EpochLog log) {
    this.log = log;
  }

  @Override
  public ChainState state() {
    return log.state();
  }

  @Override
  public CommittedEpoch commit(EpochDraft draft) {
    long begin = System.nanoTime();
    CommittedEpoch committed = log.commit(draft);
    commits.add(new Commit(begin, System.nanoTime() - begin));
    events += draft.entries().size();
    return committed;
  }

  /** Nanoseconds of each commit that began at this moment or later, in order. */
  List<Long> commitNanos(long fromNanos) {
    return commits.stream()
        .filter(commit -> commit.beganNanos() - fromNanos >= 0)
        .map(Commit::nanos)
        .toList();
  }

  /** Events committed, marks not counted. */
  long events() {
    return events;
  }

  @Override
  public void close() {
    log.close();
  }
}
