package io.understudy.log;

import io.understudy.schemas.EventCodec;
import io.understudy.schemas.EventRecord;
import io.understudy.schemas.GuestEvent;
import io.understudy.schemas.HashChain;
import io.understudy.schemas.Topics;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * An epoch ready to be written: numbered, encoded and chained. The counterpart of {@link
 * EpochVerifier}, which accepts exactly what this class produces.
 *
 * @param number the epoch
 * @param partition the partition all its records go to
 * @param records its events and, last, its mark
 * @param wire the encoded records, in the same order
 * @param next the chain state after it
 */
record SealedEpoch(
    long number, int partition, List<EventRecord> records, List<byte[]> wire, ChainState next) {

  /**
   * Hard limit of one record's value. Kafka's default {@code message.max.bytes} is 1 048 588 for a
   * whole batch, and clusters of others are not ours to reconfigure.
   */
  static final int MAX_RECORD_BYTES = 900 * 1024;

  /** Bytes of all values. */
  long sizeBytes() {
    return wire.stream().mapToLong(value -> value.length).sum();
  }

  /** Seals {@code draft} as the epoch that continues {@code chain} in {@code term}. */
  static SealedEpoch seal(
      String vm, UUID run, long term, int partitions, ChainState chain, EpochDraft draft) {
    requireOpening(term, chain, draft);
    List<EventRecord> records = new ArrayList<>(draft.entries().size() + 1);
    List<byte[]> wire = new ArrayList<>(draft.entries().size() + 1);
    HashChain hashes = new HashChain();
    long sequence = chain.nextSequence();
    long epoch = chain.nextEpoch();
    for (EpochDraft.Entry entry : draft.entries()) {
      EventRecord record =
          new EventRecord(
              vm,
              run,
              term,
              epoch,
              sequence++,
              entry.position(),
              entry.rip(),
              entry.registers(),
              entry.event());
      byte[] value = encode(record);
      hashes.add(value);
      records.add(record);
      wire.add(value);
    }
    EpochDraft.Mark mark = draft.mark();
    byte[] hash =
        hashes.close(
            epoch,
            term,
            mark.position(),
            mark.rip(),
            mark.registers(),
            mark(chain, draft, HashChain.genesis()));
    EventRecord markRecord =
        new EventRecord(
            vm,
            run,
            term,
            epoch,
            sequence++,
            mark.position(),
            mark.rip(),
            mark.registers(),
            mark(chain, draft, hash));
    records.add(markRecord);
    wire.add(encode(markRecord));
    return new SealedEpoch(
        epoch,
        Topics.partitionOf(epoch, partitions),
        records,
        wire,
        new ChainState(epoch + 1, sequence, term, hash));
  }

  private static GuestEvent.EpochCommitted mark(ChainState chain, EpochDraft draft, byte[] hash) {
    EpochDraft.Mark mark = draft.mark();
    return new GuestEvent.EpochCommitted(
        draft.entries().size(),
        chain.nextSequence(),
        mark.registersDigest(),
        mark.devicesDigest(),
        mark.memoryDigest(),
        mark.inputOffset(),
        mark.outputOffset(),
        mark.releasedOutputOffset(),
        mark.virtualNanos(),
        chain.hash(),
        hash,
        mark.framesSent(),
        mark.framesReleased());
  }

  private static byte[] encode(EventRecord record) {
    byte[] value = EventCodec.encode(record);
    if (value.length > MAX_RECORD_BYTES) {
      throw new IllegalArgumentException(
          "event does not fit a record: type="
              + record.event().typeName()
              + " sizeBytes="
              + value.length
              + " maximum="
              + MAX_RECORD_BYTES);
    }
    return value;
  }

  /** A reader refuses a run or a term that does not begin with its header, so a writer must too. */
  private static void requireOpening(long term, ChainState chain, EpochDraft draft) {
    boolean firstOfRun = chain.nextEpoch() == 0;
    boolean firstOfTerm = !firstOfRun && term != chain.term();
    for (int index = 0; index < draft.entries().size(); index++) {
      GuestEvent event = draft.entries().get(index).event();
      if ((event instanceof GuestEvent.RunStarted && !(firstOfRun && index == 0))
          || (event instanceof GuestEvent.TermStarted && !(firstOfTerm && index == 0))) {
        throw new IllegalArgumentException(
            event.typeName() + " may only open the first epoch of a run or term: index=" + index);
      }
    }
    GuestEvent first = draft.entries().isEmpty() ? null : draft.entries().get(0).event();
    if (firstOfRun && !(first instanceof GuestEvent.RunStarted)) {
      throw new IllegalArgumentException("the first epoch of a run must begin with RunStarted");
    }
    if (firstOfTerm
        && !(first instanceof GuestEvent.TermStarted started
            && started.previousTerm() == chain.term())) {
      throw new IllegalArgumentException(
          "the first epoch of a term must begin with TermStarted and name the previous term: term="
              + term
              + " previousTerm="
              + chain.term());
    }
  }
}
