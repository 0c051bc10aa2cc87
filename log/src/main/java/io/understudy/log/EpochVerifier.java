package io.understudy.log;

import io.understudy.schemas.EventCodec;
import io.understudy.schemas.EventRecord;
import io.understudy.schemas.GuestEvent;
import io.understudy.schemas.HashChain;
import io.understudy.schemas.SchemaException;
import io.understudy.schemas.Topics;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;

/**
 * Turns records in log order back into epochs, and proves with every record that nothing was lost,
 * added, swapped or written by somebody who had no right to: vm, run, term, epoch, partition,
 * sequence, counts and the hash chain must be what {@link SealedEpoch} produces.
 *
 * <p>Invariant: everything accepted so far is a prefix of one correct run. Not thread-safe.
 */
final class EpochVerifier {
  private final String vm;
  private final int partitions;
  private final SortedMap<Integer, Long> offsets;

  /** Null until the first record told it. */
  private UUID run;

  private ChainState chain;
  private LogPosition position;

  private final boolean keepsEvents;

  // The epoch being read.
  private List<EventRecord> events = new ArrayList<>();
  private int eventCount;
  private final HashChain hashes = new HashChain();
  private long firstOffset;
  private long epochTerm;
  private long lastPosition;

  // Where the record being checked is.
  private int partition;
  private long offset;

  EpochVerifier(String vm, UUID run, LogPosition start) {
    this(vm, run, start, true);
  }

  private EpochVerifier(String vm, UUID run, LogPosition start, boolean keepsEvents) {
    this.keepsEvents = keepsEvents;
    this.vm = vm;
    this.run = run;
    this.partitions = start.partitions();
    this.offsets = new TreeMap<>(start.offsets());
    this.chain = start.chain();
    this.position = start;
  }

  /**
   * One whose epochs come without their events, so that its memory does not depend on how many
   * there are.
   */
  static EpochVerifier withoutEvents(String vm, UUID run, LogPosition start) {
    return new EpochVerifier(vm, run, start, false);
  }

  /** The run, or null when no record was accepted and none was given. */
  UUID run() {
    return run;
  }

  /** The position after the last complete epoch. */
  LogPosition position() {
    return position;
  }

  /** The partition that the next record must come from. */
  int nextPartition() {
    return Topics.partitionOf(chain.nextEpoch(), partitions);
  }

  /** Offset of the first record of an epoch that is not complete yet, or -1. */
  long incompleteFrom() {
    return eventCount == 0 ? -1 : firstOffset;
  }

  /**
   * The next record of {@link #nextPartition}; returns the epoch if it completes one, else null.
   *
   * @param timestamp Kafka's, in milliseconds
   */
  Epoch accept(int fromPartition, long atOffset, long timestamp, byte[] value) {
    partition = fromPartition;
    offset = atOffset;
    EventRecord record = decode(value);
    checkEnvelope(record);
    if (record.event() instanceof GuestEvent.EpochCommitted mark) {
      return close(record, mark, timestamp);
    }
    checkOpening(record);
    if (eventCount == 0) {
      firstOffset = offset;
    }
    hashes.add(value);
    eventCount++;
    if (keepsEvents) {
      events.add(record);
    }
    return null;
  }

  /** The exception for records that can never become a complete epoch. */
  LogCorruptException incomplete(String what, Object expected, Object actual) {
    return corrupt(what, expected, actual);
  }

  /** Kafka cannot read records at or behind the position, in any partition; it says which. */
  LogCorruptException unreadable(Throwable cause) {
    return new LogCorruptException(
        place(), "damaged batch of records", "records as written", cause.getMessage(), cause);
  }

  private EventRecord decode(byte[] value) {
    if (value == null) {
      throw corrupt("record without a value", "an Event record", "null");
    }
    try {
      return EventCodec.decode(value);
    } catch (SchemaException e) {
      throw new LogCorruptException(
          place(), "unreadable record", "an Event record", e.getMessage(), e);
    }
  }

  private void checkEnvelope(EventRecord record) {
    require("record of another vm", vm, record.vm());
    if (run == null) {
      run = record.run();
    }
    require("record of another run", run, record.run());
    require(
        "record on the wrong partition", Topics.partitionOf(record.epoch(), partitions), partition);
    require("record is not of the next epoch", chain.nextEpoch(), record.epoch());
    require("sequence is not gapless", chain.nextSequence() + eventCount, record.sequence());
    if (record.sequence() == 0 && !(record.event() instanceof GuestEvent.RunStarted)) {
      throw corrupt("run does not begin with its header", "RunStarted", record.event().typeName());
    }
    checkTerm(record);
    if (record.position() < lastPosition) {
      throw corrupt("position decreases", "at least " + lastPosition, record.position());
    }
    lastPosition = record.position();
  }

  /** The term may change only with the first record of an epoch, which must be the header. */
  private void checkTerm(EventRecord record) {
    if (eventCount > 0) {
      require("term changes inside an epoch", epochTerm, record.term());
      return;
    }
    boolean opens =
        record.event() instanceof GuestEvent.TermStarted
            || record.event() instanceof GuestEvent.RunStarted;
    require("term is not the current one", opens ? chain.term() + 1 : chain.term(), record.term());
    epochTerm = record.term();
  }

  private void checkOpening(EventRecord record) {
    if (record.event() instanceof GuestEvent.RunStarted started) {
      require("RunStarted is not the first event", 0L, record.sequence());
      require("partitions of the topic differ from RunStarted", started.partitions(), partitions);
    }
    if (record.event() instanceof GuestEvent.TermStarted started) {
      require("TermStarted is not the first event of its epoch", 0, eventCount);
      require("TermStarted continues another term", chain.term(), started.previousTerm());
    }
  }

  private Epoch close(EventRecord record, GuestEvent.EpochCommitted mark, long timestamp) {
    require("mark counts other events", eventCount, mark.eventCount());
    require("mark names another first sequence", chain.nextSequence(), mark.firstSequence());
    requireHash("mark continues another epoch", chain.hash(), mark.previousHash());
    byte[] hash =
        hashes.close(
            record.epoch(),
            record.term(),
            record.position(),
            record.rip(),
            record.registers(),
            mark);
    requireHash("hash of the epoch differs from its content", hash, mark.hash());

    chain = new ChainState(record.epoch() + 1, record.sequence() + 1, record.term(), hash);
    offsets.put(partition, offset + 1);
    position = new LogPosition(chain, offsets);
    Epoch epoch =
        new Epoch(record.epoch(), record.term(), events, record, mark, timestamp, position);
    events = new ArrayList<>();
    eventCount = 0;
    return epoch;
  }

  private void require(String what, Object expected, Object actual) {
    if (!Objects.equals(expected, actual)) {
      throw corrupt(what, expected, actual);
    }
  }

  private void requireHash(String what, byte[] expected, byte[] actual) {
    if (!Arrays.equals(expected, actual)) {
      HexFormat hex = HexFormat.of();
      throw corrupt(what, hex.formatHex(expected), hex.formatHex(actual));
    }
  }

  private LogCorruptException corrupt(String what, Object expected, Object actual) {
    return new LogCorruptException(place(), what, expected, actual, null);
  }

  private LogCorruptException.Place place() {
    return new LogCorruptException.Place(
        vm, run, partition, offset, chain.nextEpoch(), chain.nextSequence() + eventCount);
  }
}
