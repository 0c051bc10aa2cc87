package io.understudy.benchmarks.compute;

import io.understudy.schemas.EventCodec;
import io.understudy.schemas.EventRecord;
import io.understudy.schemas.GuestEvent;
import java.util.ArrayList;
import java.util.List;

/**
 * What a log holds because its guest was stopped between exits. Immutable.
 *
 * @param preemptions places that a number of instructions names
 * @param transfers places that the guest's state names
 * @param bytes of each place's events as encoded: those that name it, and the time that passed
 *     there
 */
record ForcedPoints(int preemptions, int transfers, List<Integer> bytes) {
  /** Copies the list. */
  ForcedPoints {
    bytes = List.copyOf(bytes);
  }

  /** Finds them among the records of a run, in order. */
  static ForcedPoints in(List<EventRecord> records) {
    int preemptions = 0;
    int transfers = 0;
    List<Integer> all = new ArrayList<>();
    int bytes = 0;
    long position = -1;
    for (EventRecord record : records) {
      GuestEvent event = record.event();
      boolean counted = event instanceof GuestEvent.Preempted;
      boolean transferred =
          event instanceof GuestEvent.StateTransferred piece && piece.index() == 0;
      boolean begins = counted || transferred;
      if (bytes > 0 && (begins || record.position() != position)) {
        all.add(bytes);
        bytes = 0;
      }
      preemptions += counted ? 1 : 0;
      transfers += transferred ? 1 : 0;
      position = record.position();
      boolean isPart =
          event instanceof GuestEvent.StateTransferred || event instanceof GuestEvent.ClockAdvanced;
      if (begins || (bytes > 0 && isPart)) {
        bytes += EventCodec.encode(record).length;
      }
    }
    if (bytes > 0) {
      all.add(bytes);
    }
    return new ForcedPoints(preemptions, transfers, all);
  }

  /**
   * Bytes of the records, as encoded, from the input at {@code inputOffset} to {@code position}.
   */
  static long bytesBetween(List<EventRecord> records, long inputOffset, long position) {
    long offset = 0;
    long bytes = 0;
    boolean isIn = false;
    for (EventRecord record : records) {
      if (record.event() instanceof GuestEvent.ConsoleInput input) {
        isIn |= offset >= inputOffset;
        offset += input.bytes().length;
      }
      if (isIn && record.position() <= position) {
        bytes += EventCodec.encode(record).length;
      }
    }
    return bytes;
  }
}
