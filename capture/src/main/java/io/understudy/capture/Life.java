package io.understudy.capture;

import java.util.function.Consumer;

/**
 * How the outside wants a live machine to live: run, stand still, or end. Standing still is no
 * event: the guest is not entered, nothing is let in, and its time stands still with it, so a
 * replay does not even see it.
 *
 * <p>Any thread may wish; the vCPU thread asks at every exit and says what became of it. Moments
 * are nanoseconds of the host's monotonic clock.
 */
final class Life {
  private final Runnable wake;
  private volatile boolean paused;
  private volatile boolean isAside;
  private volatile long asideUntilNanos;
  private volatile String end;
  private volatile Consumer<Boolean> listener = still -> {};
  private boolean still;

  /** A life that runs; {@code wake} makes a waiting vCPU thread look again. */
  Life(Runnable wake) {
    this.wake = wake;
  }

  /** Any thread: stands still until {@link #resume}. */
  void pause() {
    paused = true;
    wake.run();
  }

  /** Any thread: goes on. */
  void resume() {
    paused = false;
    wake.run();
  }

  /** Any thread: stands still until then, unless the leadership ends before. */
  void standAside(long untilNanos) {
    asideUntilNanos = untilNanos;
    isAside = true;
    wake.run();
  }

  /** Any thread: the run ends, for {@code reason}; the first one stays. */
  void end(String reason) {
    if (end == null) {
      end = reason;
    }
    wake.run();
  }

  /** Who is told that the machine stands still with all that it did committed, and that it runs. */
  void onChange(Consumer<Boolean> told) {
    listener = told;
  }

  /** vCPU thread: why the run is to end, or null. */
  String wantedEnd() {
    return end;
  }

  /** vCPU thread: whether the guest is not to be entered now. */
  boolean isStillWanted(long nowNanos) {
    return paused || (isAside && nowNanos - asideUntilNanos < 0);
  }

  /** vCPU thread: whether something is wanted that the running guest has to be stopped for. */
  boolean isStopWanted(long nowNanos) {
    return end != null || isStillWanted(nowNanos);
  }

  /** vCPU thread: whether it stands still with everything committed. */
  void became(boolean nowStill) {
    if (still != nowStill) {
      still = nowStill;
      listener.accept(nowStill);
    }
  }
}
