package io.understudy.failover.node;

import io.understudy.schemas.Protection;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * Decides how much of the time a primary's guest stands still for the sake of its standbys.
 *
 * <p><b>Law.</b> Up to half the bound nothing happens; from there on the guest stands still for a
 * part of the time that grows linearly and is {@link #MOST_PERMILLE} at the bound. Lag is measured
 * as time for which the guest ran, so it grows with what the guest is given to run minus what the
 * standby gets done, without a delay but the heartbeats': the loop settles where both are equal,
 * within the bound, and does not swing as long as the bound is long against a heartbeat.
 *
 * <p>Only the nearest standby counts: one that is slow does no harm while another is near. A
 * standby counts from the moment when it is within the bound for the first time, so one that
 * replays a long history does not slow anybody, and no longer once it is silent, or does not get on
 * at all.
 *
 * <p>Pure: all times are passed in. Owned by one thread.
 */
final class ProtectionPolicy {
  /** However slow a standby is, the guest gets the rest of the time. */
  static final int MOST_PERMILLE = 950;

  /** A bound shorter than this many heartbeats would be passed before anybody knows. */
  private static final int INTERVALS_PER_BOUND = 20;

  /** A standby that has not got on for this many timeouts is stuck, alive or not. */
  private static final int TIMEOUTS_UNTIL_STUCK = 5;

  private static final double FREE = 0.5;
  private static final double CALM = 0.4;

  /**
   * A standby.
   *
   * @param incarnation its process
   * @param lagNanos how long the guest had run since the epoch that it has applied, when it said so
   * @param lagEpochs how many epochs it had not applied then
   * @param silentNanos how long it has been silent
   * @param stillNanos how long it has been behind without applying an epoch
   */
  record Follower(
      UUID incarnation, long lagNanos, long lagEpochs, long silentNanos, long stillNanos) {}

  /**
   * What is to be done.
   *
   * @param state for people and programs
   * @param permille how much of the time the guest stands still
   * @param standbys how many standbys count
   * @param lagNanos of the nearest of them, -1 if there is none
   * @param lagEpochs of the same, -1 if there is none
   */
  record Decision(Protection state, int permille, int standbys, long lagNanos, long lagEpochs) {}

  private final ProtectionSettings settings;
  private final double boundNanos;
  private final long startNanos;
  private final Set<UUID> counted = new HashSet<>();
  private boolean degraded;

  /**
   * @param interval between two heartbeats
   * @param startNanos when the leadership began
   */
  ProtectionPolicy(ProtectionSettings settings, Duration interval, long startNanos) {
    this.settings = settings;
    this.startNanos = startNanos;
    this.boundNanos =
        Math.max(settings.maxLag().toNanos(), interval.multipliedBy(INTERVALS_PER_BOUND).toNanos());
  }

  Decision decide(long nowNanos, Collection<Follower> followers) {
    counted.retainAll(followers.stream().map(Follower::incarnation).collect(Collectors.toSet()));
    Follower nearest = null;
    for (Follower follower : followers) {
      if (!counts(follower)) {
        counted.remove(follower.incarnation());
      } else if (nearest == null || excess(follower) < excess(nearest)) {
        nearest = follower;
      }
    }
    if (nearest == null) {
      degraded = false;
      boolean stops =
          settings.stopsUnprotected() && nowNanos - startNanos >= settings.grace().toNanos();
      return stops
          ? new Decision(Protection.STOPPED, 1_000, 0, -1, -1)
          : new Decision(Protection.UNPROTECTED, 0, 0, -1, -1);
    }
    double excess = excess(nearest);
    int permille = permille(excess);
    // The state is for people: it does not change with every heartbeat around the edge.
    degraded = permille > 0 || (degraded && excess > CALM);
    return new Decision(
        degraded ? Protection.DEGRADED : Protection.PROTECTED,
        permille,
        counted.size(),
        nearest.lagNanos(),
        nearest.lagEpochs());
  }

  private boolean counts(Follower follower) {
    long timeout = settings.standbyTimeout().toNanos();
    if (follower.silentNanos() > timeout
        || follower.stillNanos() > TIMEOUTS_UNTIL_STUCK * timeout) {
      return false;
    }
    if (excess(follower) <= 1) {
      counted.add(follower.incarnation());
    }
    return counted.contains(follower.incarnation());
  }

  /** Lag in bounds. */
  private double excess(Follower follower) {
    double excess = 0;
    if (!settings.maxLag().isZero()) {
      excess = follower.lagNanos() / boundNanos;
    }
    if (settings.maxLagEpochs() > 0) {
      excess = Math.max(excess, (double) follower.lagEpochs() / settings.maxLagEpochs());
    }
    return excess;
  }

  private static int permille(double excess) {
    double part = (excess - FREE) / (1 - FREE);
    return (int) Math.round(MOST_PERMILLE * Math.max(0, Math.min(1, part)));
  }
}
