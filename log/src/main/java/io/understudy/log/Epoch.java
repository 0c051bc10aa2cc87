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
 * @param committedAtMillis when its writer made the mark, by that host's clock: milliseconds since
 *     1970-01-01T00:00Z as Kafka has them, for people; no hash covers them
 * @param next the position that continues after this epoch
 */
public record Epoch(
    long number,
    long term,
    List<EventRecord> events,
    EventRecord markRecord,
    GuestEvent.EpochCommitted mark,
    long committedAtMillis,
    LogPosition next) {
  /** Copies the list. */
  public Epoch {
    events = List.copyOf(events);
  }
}
