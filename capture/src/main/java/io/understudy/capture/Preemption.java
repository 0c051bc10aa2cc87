package io.understudy.capture;

import io.understudy.machine.Machine;
import io.understudy.schemas.GuestEvent;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/**
 * How a guest that was kicked while it computed is stopped for good: by a number of instructions
 * where that names the place, else by its state. Transfers of state are not cheap, so they take no
 * more than a part of the time and of the log's bandwidth; ticks that come meanwhile wait.
 *
 * <p>Owned by the vCPU thread.
 */
final class Preemption {
  /** A transfer is followed by this many times its own duration without one. */
  private static final int PAUSE_FACTOR = 4;

  private static final long NEVER = Long.MIN_VALUE;

  private final CaptureSettings settings;
  private final HostClock host;
  private final CaptureStatistics statistics;
  private final boolean transfers;
  private final boolean counts;
  private long namelessSince = NEVER;
  private long noTransferUntil = NEVER;

  Preemption(
      CaptureSettings settings, HostClock host, CaptureStatistics statistics, Machine machine) {
    this.settings = settings;
    this.host = host;
    this.statistics = statistics;
    this.transfers = machine.config().clock().transfers();
    this.counts = machine.config().clock().counts();
  }

  /** The guest has reached an exit. */
  void atExit() {
    namelessSince = NEVER;
  }

  /**
   * Names the place where the guest stands.
   *
   * @return the events that do, to be recorded here; none if it has to run on
   */
  List<? extends GuestEvent> name(Machine machine) {
    OptionalLong instructions = machine.instructions();
    if (instructions.isPresent()) {
      namelessSince = NEVER;
      statistics.preempted();
      return List.of(new GuestEvent.Preempted(instructions.getAsLong()));
    }
    long now = host.nanoTime();
    if (!transfers || isCountAwaited(now) || (noTransferUntil != NEVER && now < noTransferUntil)) {
      return List.of();
    }
    List<GuestEvent.StateTransferred> pieces = machine.transfer();
    if (pieces.isEmpty()) {
      return pieces;
    }
    long bytes = bytes(pieces);
    long took = host.nanoTime() - now;
    statistics.transferred(bytes, TimeUnit.NANOSECONDS.toMicros(took));
    long forBandwidth = bytes * TimeUnit.SECONDS.toNanos(1) / settings.transferBytesPerSecond();
    noTransferUntil = now + Math.max(took * (1 + PAUSE_FACTOR), forBandwidth);
    namelessSince = NEVER;
    return pieces;
  }

  /** How much state the events carry. */
  static long bytes(List<? extends GuestEvent> events) {
    return events.stream()
        .mapToLong(event -> event instanceof GuestEvent.StateTransferred piece ? piece.size() : 0)
        .sum();
  }

  /** A place that cannot be counted may be followed soon by one that can. */
  private boolean isCountAwaited(long now) {
    if (!counts) {
      return false;
    }
    if (namelessSince == NEVER) {
      namelessSince = now;
    }
    return now - namelessSince < settings.interruptDelay().toNanos();
  }
}
