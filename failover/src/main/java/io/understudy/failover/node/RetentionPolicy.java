package io.understudy.failover.node;

import java.util.List;

/**
 * What a leader does next for the length of its log: by time it holds between one and two times the
 * wanted age, by size between half of the wanted bytes and all of them. Pure.
 */
final class RetentionPolicy {
  private final RetentionSettings settings;

  RetentionPolicy(RetentionSettings settings) {
    this.settings = settings;
  }

  /**
   * A place from which the log could be read on: a complete snapshot, or the run's beginning.
   *
   * @param epoch last epoch before it, -1 for the beginning
   * @param verified whether somebody has loaded it and found it right
   * @param ageMillis how long ago that was, by wall clocks; negative when they disagree
   * @param bytesBehind bytes of the log behind it; -1 while unknown
   */
  record Place(long epoch, boolean verified, long ageMillis, long bytesBehind) {}

  /** What to do; {@code epoch} says with which snapshot, -1 if with none. */
  record Step(Kind kind, long epoch) {}

  /** Kinds of steps. */
  enum Kind {
    /** Nothing is due. */
    NOTHING,
    /** Delete what is before a verified snapshot. */
    TRIM,
    /** Load a snapshot and see whether it is right. */
    VERIFY,
    /** Take a snapshot. */
    TAKE
  }

  /** Whether enough of the log is behind {@code place} for it to be the log's beginning. */
  boolean isDue(Place place) {
    return (!settings.age().isZero() && place.ageMillis() >= settings.age().toMillis())
        || (settings.bytes() > 0 && place.bytesBehind() >= settings.bytes() / 2);
  }

  /**
   * Decides.
   *
   * @param start the run's beginning
   * @param snapshots the complete ones that can be used, oldest first
   * @param trimmedTo epoch up to which the log is deleted, -1 if it is whole
   */
  Step next(Place start, List<Place> snapshots, long trimmedTo) {
    Place newest = start;
    long trim = trimmedTo;
    for (Place snapshot : snapshots) {
      newest = snapshot;
      if (snapshot.verified() && isDue(snapshot)) {
        trim = Math.max(trim, snapshot.epoch());
      }
    }
    if (trim > trimmedTo) {
      return new Step(Kind.TRIM, trim);
    }
    if (!snapshots.isEmpty() && !newest.verified()) {
      return new Step(Kind.VERIFY, newest.epoch());
    }
    return isDue(newest) ? new Step(Kind.TAKE, -1) : new Step(Kind.NOTHING, -1);
  }
}
