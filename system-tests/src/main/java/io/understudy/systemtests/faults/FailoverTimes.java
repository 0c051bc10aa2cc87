package io.understudy.systemtests.faults;

import io.understudy.schemas.NodeRole;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How long one failover took, in milliseconds. Immutable.
 *
 * @param total from the loss of the leader until clients were served again
 * @param detection until the coordinator's order was heard of, late by up to a heartbeat
 * @param fence taking the log, as the new leader logs it, as the next two
 * @param drain applying what the log held
 * @param open starting the term
 */
record FailoverTimes(long total, long detection, long fence, long drain, long open) {
  /** Empty if the leader was not replaced. */
  static Optional<FailoverTimes> of(
      Diary.LeaderLost lost,
      BeatLog beats,
      Map<Long, String> promotions,
      List<Operation> operations) {
    String promoted = promotions.get(lost.term() + 1);
    Optional<BeatLog.Heard> ordered =
        beats.first(
            lost.nanos(),
            beat -> beat.role() == NodeRole.COORDINATOR && beat.phase().startsWith("ORDERED"));
    if (promoted == null || ordered.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        new FailoverTimes(
            (servedNanos(operations, ordered.get().nanos()) - lost.nanos()) / 1_000_000,
            (ordered.get().nanos() - lost.nanos()) / 1_000_000,
            figure("fenceMillis", promoted),
            figure("drainMillis", promoted),
            figure("openMillis", promoted)));
  }

  /**
   * The first reply after the order: replies of the old leader that were on their way have arrived
   * by then, and later pauses have other causes.
   */
  private static long servedNanos(List<Operation> operations, long orderedNanos) {
    return operations.stream()
        .filter(Operation::isAnswered)
        .mapToLong(Operation::doneNanos)
        .filter(done -> done - orderedNanos > 0)
        .min()
        .orElse(orderedNanos);
  }

  private static long figure(String name, String line) {
    Matcher matcher = Pattern.compile("\\b" + name + "=([0-9]+)").matcher(line);
    if (!matcher.find()) {
      throw new IllegalStateException("no figure: name=" + name + " line=" + line);
    }
    return Long.parseLong(matcher.group(1));
  }
}
