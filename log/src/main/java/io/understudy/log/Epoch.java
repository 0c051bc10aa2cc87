package io.understudy.log;

import io.understudy.schemas.EventRecord;
import io.understudy.schemas.GuestEvent;
import java.util.List;

/**
 * A committed epoch as read back, complete and checked. Immutable.
 *
 * @param number the epoch, from 0
 * @param term the term it was committed in, from 1
 * @param events its events in order, without the mark
 * @param markRecord the mark that closes it, with its envelope
 * @param mark the event in {@code markRecord}
 * @param next the position that continues after this epoch
 */
public record Epoch(
    long number,
    long term,
    List<EventRecord> events,
    EventRecord markRecord,
    GuestEvent.EpochCommitted mark,
    LogPosition next) {
  /** Copies the list. */
  public Epoch {
    events = List.copyOf(events);
  }
}
