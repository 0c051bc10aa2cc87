package io.understudy.log;

import io.understudy.schemas.VmId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * Writes committed epochs of a VM's log, record by record as they lie in Kafka, into an evidence
 * file. The log is verified while it is read, and the file before it gets its name. Used once, by
 * one thread.
 */
public final class LogExport {
  /** Exports to the end of what is committed when the export begins. */
  public static final long TO_THE_END = Long.MAX_VALUE;

  private static final Duration POLL = Duration.ofMillis(200);

  /** Of a temporary name. */
  private static final int UNIQUE_DIGITS = 8;

  private final ClusterConnection connection;
  private final VmId vm;
  private final Path target;
  private final Path temporary;
  private final String program;
  private final Progress progress;

  /** Port: hears how far an export is. */
  public interface Progress {
    /**
     * An epoch is done with.
     *
     * @param step what was done with it: {@code skipping}, {@code exporting} or {@code checking}
     */
    void at(String step, long epoch);
  }

  /**
   * An export that has not begun.
   *
   * @param target the file to be, which must not exist
   * @param program what the file will name as its writer, 1 to 100 printable ASCII characters
   */
  public LogExport(
      ClusterConnection connection, VmId vm, Path target, String program, Progress progress) {
    this.connection = connection;
    this.vm = vm;
    this.target = target;
    this.temporary =
        target.resolveSibling(
            target.getFileName()
                + ".partial-"
                + UUID.randomUUID().toString().substring(0, UNIQUE_DIGITS));
    this.program = program;
    this.progress = progress;
  }

  /**
   * Exports from {@code start}, which must not be behind {@code firstEpoch}, the epochs {@code
   * firstEpoch} to {@code lastEpoch}.
   *
   * @param lastEpoch number of an epoch, or {@link #TO_THE_END}
   * @throws LogException if the log is damaged, cannot be read, or lacks one of these epochs;
   *     nothing is left behind then
   * @throws UncheckedIOException if the file cannot be written
   */
  public EvidenceReport run(LogStart start, long firstEpoch, long lastEpoch) {
    try (EpochReader reader = start.open(connection, vm);
        Copy copy = new Copy(reader, firstEpoch)) {
      LogEnd end = reader.end();
      while (reader.position().chain().lastEpoch() < lastEpoch && !reader.reached(end)) {
        copy.next();
      }
      ChainState last = reader.position().chain();
      boolean isThere = lastEpoch == TO_THE_END || last.lastEpoch() == lastEpoch;
      if (copy.writer == null || !isThere) {
        throw new LogException(
            "log does not hold the epochs to export, nothing was written: vm="
                + vm
                + " firstEpoch="
                + firstEpoch
                + (lastEpoch == TO_THE_END ? "" : " lastEpoch=" + lastEpoch)
                + " newestCommitted="
                + last.lastEpoch());
      }
      copy.writer.finish(last);
      EvidenceReport report =
          EvidenceVerifier.verify(temporary, (epoch, hash) -> progress.at("checking", epoch));
      copy.writer.publish();
      return report;
    }
  }

  /** Deletes what a run that does not end by itself would leave. May be called by any thread. */
  public void abandon() {
    try {
      Files.deleteIfExists(temporary);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "cannot delete what was not completed: file=" + temporary + ": " + e, e);
    }
  }

  /** Hands the records of wanted epochs to a writer. */
  private final class Copy implements AutoCloseable {
    private final EpochReader reader;
    private final long firstEpoch;

    /** Of the epoch that is read. */
    private final List<EvidenceRecord> records = new ArrayList<>();

    /** Null before the first wanted epoch. */
    private EvidenceWriter writer;

    private Copy(EpochReader reader, long firstEpoch) {
      this.reader = reader;
      this.firstEpoch = firstEpoch;
      reader.observe(records::add);
    }

    private void next() {
      ChainState before = reader.position().chain();
      Epoch epoch = reader.poll(POLL);
      if (epoch == null) {
        return;
      }
      boolean isWanted = epoch.number() >= firstEpoch;
      if (isWanted) {
        if (writer == null) {
          writer = new EvidenceWriter(target, temporary, header(before));
        }
        records.forEach(writer::add);
      }
      records.clear();
      progress.at(isWanted ? "exporting" : "skipping", epoch.number());
    }

    private EvidenceHeader header(ChainState before) {
      return new EvidenceHeader(
          program,
          vm,
          reader.run(),
          reader.position().partitions(),
          before,
          EvidenceFormat.UNKNOWN);
    }

    @Override
    public void close() {
      if (writer != null) {
        writer.close();
      }
    }
  }
}
