package io.understudy.log;

import static java.util.Objects.requireNonNull;

import io.understudy.schemas.GuestEvent;
import java.util.List;

/**
 * An epoch as a machine hands it over: what happened and where, without its place in the log.
 * Immutable.
 *
 * @param entries the events in order, none of them an EpochCommitted
 * @param mark the state at the boundary that closes the epoch
 */
public record EpochDraft(List<Entry> entries, Mark mark) {
  /** Refuses events of a kind that the log itself writes, and positions that decrease. */
  public EpochDraft {
    entries = List.copyOf(entries);
    requireNonNull(mark, "mark");
    long previous = 0;
    for (Entry entry : entries) {
      if (entry.event() instanceof GuestEvent.EpochCommitted) {
        throw new IllegalArgumentException("the log writes EpochCommitted itself");
      }
      requireNotBefore(previous, entry.position());
      previous = entry.position();
    }
    requireNotBefore(previous, mark.position());
  }

  private static void requireNotBefore(long previous, long position) {
    if (position < previous) {
      throw new IllegalArgumentException(
          "positions of an epoch must not decrease: previous=" + previous + " next=" + position);
    }
  }

  /**
   * One event and where in the guest's execution it happened.
   *
   * @param position logical time, from 0
   * @param rip guest instruction pointer there
   * @param registers digest of the vCPU registers there
   * @param event what happened
   */
  public record Entry(long position, long rip, long registers, GuestEvent event) {
    /** Refuses null. */
    public Entry {
      requireNonNull(event, "event");
    }
  }

  /**
   * The machine at the epoch's boundary; see {@link GuestEvent.EpochCommitted} for units.
   *
   * @param position logical time of the boundary, from 0
   * @param rip guest instruction pointer there
   * @param registers digest of the vCPU registers there, as every event carries it
   * @param registersDigest digest of the vCPU's registers
   * @param devicesDigest digest of all devices
   * @param memoryDigest digest of the guest's memory
   * @param inputOffset console bytes given to the guest since power-on
   * @param outputOffset console bytes the guest produced since power-on
   * @param releasedOutputOffset console bytes surely released when the epoch was closed
   * @param virtualNanos virtual time since power-on in nanoseconds
   * @param framesSent network frames the guest sent since power-on
   * @param framesReleased those surely released when the epoch was closed
   */
  public record Mark(
      long position,
      long rip,
      long registers,
      long registersDigest,
      long devicesDigest,
      long memoryDigest,
      long inputOffset,
      long outputOffset,
      long releasedOutputOffset,
      long virtualNanos,
      long framesSent,
      long framesReleased) {}
}
