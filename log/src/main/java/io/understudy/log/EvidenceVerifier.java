package io.understudy.log;

import java.nio.file.Path;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Proves without a cluster that an evidence file holds one unbroken piece of one run's history:
 * each record is checked as {@link EpochReader} checks it when it comes from Kafka. Its memory does
 * not depend on the file. Used once, by one thread.
 */
public final class EvidenceVerifier {
  private final EvidenceReader reader;
  private final EvidenceHeader header;
  private final EpochVerifier epochs;
  private final SortedMap<Integer, Long> lastOffsets = new TreeMap<>();
  private long events;
  private long firstEventEpoch = -1;

  /** Port: hears of every epoch that was found to continue the history. */
  public interface Listener {
    /**
     * An epoch was verified, the next in order.
     *
     * @param hash the chain's hash after it, 32 bytes
     */
    void verified(long epoch, byte[] hash);
  }

  private EvidenceVerifier(EvidenceReader reader) {
    this.reader = reader;
    this.header = reader.header();
    LogPosition start =
        new LogPosition(header.start(), LogPosition.genesis(header.partitions()).offsets());
    this.epochs = EpochVerifier.withoutEvents(header.vm().text(), header.run(), start);
  }

  /**
   * Verifies a file.
   *
   * @param listener may throw, which ends it
   * @throws EvidenceDamagedException if it is not a whole evidence file
   * @throws LogCorruptException if its records are not the history that it says
   * @throws java.io.UncheckedIOException if it cannot be read
   */
  public static EvidenceReport verify(Path file, Listener listener) {
    try (EvidenceReader reader = new EvidenceReader(file)) {
      return new EvidenceVerifier(reader).run(file.toFile().length(), listener);
    }
  }

  private EvidenceReport run(long sizeBytes, Listener listener) {
    for (EvidenceRecord record = reader.next(); record != null; record = reader.next()) {
      accept(record, listener);
    }
    ChainState end = epochs.position().chain();
    if (end.lastEpoch() < header.last().epoch() || epochs.incompleteFrom() >= 0) {
      throw epochs.incomplete(
          "evidence ends too early",
          "whole epochs up to " + header.last().epoch(),
          "the end of the file");
    }
    String hash = end.hashHex();
    if (!hash.equals(header.last().hash())) {
      throw epochs.incomplete(
          "hash of the last epoch is not that of the file's header", header.last().hash(), hash);
    }
    reader.requireChecksum();
    return new EvidenceReport(
        header.vm(),
        header.run(),
        header.program(),
        header.partitions(),
        header.start().nextEpoch(),
        end.lastEpoch(),
        end.term(),
        events,
        firstEventEpoch,
        header.start().hashHex(),
        hash,
        sizeBytes);
  }

  private void accept(EvidenceRecord record, Listener listener) {
    Epoch epoch =
        epochs.accept(
            record.partition(), record.offset(), record.timestampMillis(), record.value());
    // Behind the check of the partition: its number was not trusted before.
    Long before = lastOffsets.put(record.partition(), record.offset());
    if (before != null && before >= record.offset()) {
      throw epochs.incomplete("offset does not increase", "above " + before, record.offset());
    }
    if (epoch == null) {
      return;
    }
    if (epoch.number() > header.last().epoch()) {
      throw epochs.incomplete(
          "epoch behind the last one of the file", header.last().epoch(), epoch.number());
    }
    if (firstEventEpoch < 0 && epoch.mark().eventCount() > 0) {
      firstEventEpoch = epoch.number();
    }
    events += epoch.mark().eventCount();
    listener.verified(epoch.number(), epoch.next().chain().hash());
  }
}
