package io.understudy.capture;

import java.time.Duration;
import java.util.Objects;

/**
 * How a primary cuts its history into epochs.
 *
 * @param epochMaxAge an epoch with events is closed when it is this old, even if nothing waits for
 *     it: bounds how far a standby trails an idle guest
 * @param outputMaxHold output of a guest that never idles waits at most this long for its epoch to
 *     be closed
 * @param epochMaxEvents an epoch with this many events is closed
 * @param stallEvents with this many events not yet handed to the committer the guest stands still:
 *     back-pressure of the log
 * @param timeResolution how old the time may be that a guest reads; a read that would show an older
 *     one costs an event
 * @param outputLease output may be released on a commit that took less than this; after a longer
 *     one a further commit must first prove that this process still leads
 * @param interruptDelay how long a guest that computes may keep a timer tick, an input or an output
 *     waiting before it is stopped for it; where each stop costs much, it is less often
 * @param transferBytesPerSecond how much of a computing guest's state may go into the log
 * @param guestSpeed how much time passes in the guest while one second passes on the host, above 0
 *     and at most 1; a host on which each timer tick of the guest takes long needs less than 1, or
 *     there is time for ticks alone. The same on all nodes of a VM
 */
public record CaptureSettings(
    Duration epochMaxAge,
    Duration outputMaxHold,
    int epochMaxEvents,
    int stallEvents,
    Duration timeResolution,
    Duration outputLease,
    Duration interruptDelay,
    long transferBytesPerSecond,
    double guestSpeed) {
  /** What a primary uses if nothing else is said. */
  public static final CaptureSettings DEFAULT =
      new CaptureSettings(
          Duration.ofMillis(50),
          Duration.ofMillis(2),
          1_000,
          10_000,
          Duration.ofNanos(200_000),
          Duration.ofMillis(500),
          Duration.ofMillis(10),
          16L << 20,
          1);

  public CaptureSettings {
    Objects.requireNonNull(epochMaxAge, "epochMaxAge");
    Objects.requireNonNull(outputMaxHold, "outputMaxHold");
    Objects.requireNonNull(timeResolution, "timeResolution");
    Objects.requireNonNull(outputLease, "outputLease");
    Objects.requireNonNull(interruptDelay, "interruptDelay");
    if (epochMaxAge.isNegative() || epochMaxAge.isZero()) {
      throw new IllegalArgumentException("epochMaxAge must be positive, is " + epochMaxAge);
    }
    if (outputMaxHold.isNegative() || outputMaxHold.compareTo(epochMaxAge) > 0) {
      throw new IllegalArgumentException(
          "outputMaxHold must be in [0, epochMaxAge=" + epochMaxAge + "], is " + outputMaxHold);
    }
    if (epochMaxEvents < 1 || stallEvents < epochMaxEvents) {
      throw new IllegalArgumentException(
          "stallEvents must not be below epochMaxEvents, and that at least 1: epochMaxEvents="
              + epochMaxEvents
              + " stallEvents="
              + stallEvents);
    }
    if (timeResolution.isNegative() || timeResolution.isZero()) {
      throw new IllegalArgumentException("timeResolution must be positive, is " + timeResolution);
    }
    if (!(guestSpeed > 0 && guestSpeed <= 1)) {
      throw new IllegalArgumentException(
          "guestSpeed must be above 0 and at most 1, is " + guestSpeed);
    }
    if (interruptDelay.compareTo(Duration.ofMillis(1)) < 0) {
      throw new IllegalArgumentException(
          "interruptDelay must be at least 1 ms, is " + interruptDelay);
    }
    if (transferBytesPerSecond < 1) {
      throw new IllegalArgumentException(
          "transferBytesPerSecond must be positive, is " + transferBytesPerSecond);
    }
    if (outputLease.isNegative() || outputLease.isZero()) {
      throw new IllegalArgumentException("outputLease must be positive, is " + outputLease);
    }
  }
}
