package io.understudy.log;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import io.understudy.schemas.EventRecord;
import io.understudy.schemas.Topics;
import io.understudy.schemas.VmId;
import java.time.Duration;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;

/**
 * The event log on Kafka: one transaction per epoch, under the VM's transactional id, on one
 * partition.
 *
 * <p>Why one writer at most: Kafka bumps the producer epoch of a transactional id with every {@code
 * initTransactions}, aborts what the former producer had open, waits for what it had begun to
 * commit, and refuses it from then on (KafkaProducer Javadoc; KIP-890 closes the gaps, which is why
 * {@link LogTopics#checkCluster} demands {@code transaction.version} 2).
 *
 * <p>A broker that restarts within the commit timeout is survived inside the client: it repeats
 * unanswered produce requests under their sequence numbers and unanswered EndTxn requests under
 * their producer epoch, and the broker recognises both as the ones it has. This class itself
 * repeats only {@code commitTransaction} after a timeout, which Kafka allows; it never sends an
 * event twice, because a second send is a new record to Kafka.
 *
 * <p>Owned by one thread.
 */
public final class KafkaEpochWriter implements EpochLog {
  /** A commit timeout that survives the restart of a broker. */
  public static final Duration DEFAULT_COMMIT_TIMEOUT = Duration.ofSeconds(60);

  private final Producer<String, byte[]> producer;
  private final Duration commitTimeout;
  private final VmId vm;
  private final UUID run;
  private final long term;
  private final int partitions;
  private final String topic;

  /** Offset behind the last record, of each partition written to. */
  private final SortedMap<Integer, Long> offsets = new TreeMap<>();

  /** Of the record that was acknowledged last. */
  private volatile long lastOffset;

  private ChainState chain;

  /** Why this writer is unusable, or null while it is usable. */
  private String failure;

  KafkaEpochWriter(
      Producer<String, byte[]> producer,
      Duration commitTimeout,
      VmId vm,
      UUID run,
      long term,
      ChainState chain,
      int partitions) {
    this.producer = producer;
    this.commitTimeout = commitTimeout;
    this.vm = vm;
    this.run = requireNonNull(run, "run");
    this.term = term;
    this.chain = chain;
    this.partitions = partitions;
    this.topic = Topics.events(vm);
  }

  /**
   * Takes the right to write a VM's log away from whoever has it. When this returns, the former
   * leader can commit nothing any more, and everything it did commit is readable.
   *
   * @param commitTimeout how long to wait for the cluster here and in every later commit, at least
   *     a second
   * @throws LogTimeoutException if the cluster did not answer in time; may be tried again
   * @throws LogFencedException if another taker was faster, or the cluster refused
   */
  public static FencedWriter fence(ClusterConnection connection, VmId vm, Duration commitTimeout) {
    if (commitTimeout.compareTo(Duration.ofSeconds(1)) < 0) {
      throw new IllegalArgumentException(
          "commit timeout must be at least a second: commitTimeout=" + commitTimeout);
    }
    Producer<String, byte[]> producer =
        new KafkaProducer<>(
            KafkaSettings.epochWriter(connection, Topics.transactionalId(vm), commitTimeout));
    try {
      producer.initTransactions();
    } catch (TimeoutException e) {
      closeNow(producer);
      throw new LogTimeoutException(
          "cannot fence the log: vm=" + vm + " timeout=" + commitTimeout + ": " + e.getMessage(),
          e);
    } catch (KafkaException e) {
      closeNow(producer);
      throw new LogFencedException("cannot fence the log: vm=" + vm + ": " + e, e);
    }
    return new Fenced(producer, commitTimeout, vm);
  }

  @Override
  public ChainState state() {
    return chain;
  }

  @Override
  public CommittedEpoch commit(EpochDraft draft) {
    if (failure != null) {
      throw new LogFencedException(
          "log writer is unusable since an earlier failure: vm="
              + vm
              + " run="
              + run
              + " term="
              + term
              + ": "
              + failure);
    }
    SealedEpoch epoch = SealedEpoch.seal(vm.text(), run, term, partitions, chain, draft);
    CrashPoint.BEFORE_COMMIT.pass();
    long deadlineNanos = System.nanoTime() + commitTimeout.toNanos();
    try {
      producer.beginTransaction();
      for (int index = 0; index < epoch.records().size(); index++) {
        // The result of a send is not awaited: a commit fails when any send of it failed.
        var unused = producer.send(record(epoch, index), this::sent);
      }
      CrashPoint.WITHIN_COMMIT.pass();
      commitTransaction(deadlineNanos);
      offsets.put(epoch.partition(), lastOffset + 1);
    } catch (KafkaException | IllegalStateException e) {
      throw fail(epoch, e);
    }
    CrashPoint.AFTER_COMMIT.pass();
    chain = epoch.next();
    return new CommittedEpoch(epoch.number(), term, chain, epoch.sizeBytes(), offsets);
  }

  /** The producer's thread, in the order of the records, before the commit returns. */
  private void sent(RecordMetadata record, Exception failed) {
    if (failed == null) {
      lastOffset = record.offset();
    }
  }

  @Override
  public void close() {
    if (failure == null) {
      failure = "it was closed";
    }
    // Nothing is in flight between commits, so there is nothing to wait for.
    closeNow(producer);
  }

  /**
   * Closes without waiting for the cluster. Kafka's own close waits for a thread of its own all the
   * same, which ends at once; interrupted, it would throw instead, and hide what is being handled.
   */
  private static void closeNow(Producer<String, byte[]> producer) {
    boolean interrupted = Thread.interrupted();
    try {
      producer.close(Duration.ZERO);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** After a timeout the outcome is unknown, and asking again for the same commit is allowed. */
  private void commitTransaction(long deadlineNanos) {
    while (true) {
      try {
        producer.commitTransaction();
        return;
      } catch (TimeoutException e) {
        if (System.nanoTime() - deadlineNanos >= 0) {
          throw e;
        }
      }
    }
  }

  private ProducerRecord<String, byte[]> record(SealedEpoch epoch, int index) {
    EventRecord record = epoch.records().get(index);
    List<Header> headers =
        List.of(
            header(Topics.HEADER_TYPE, record.event().typeName()),
            header(Topics.HEADER_TERM, Long.toString(record.term())),
            header(Topics.HEADER_EPOCH, Long.toString(record.epoch())));
    return new ProducerRecord<>(
        topic,
        epoch.partition(),
        null,
        Long.toString(record.epoch()),
        epoch.wire().get(index),
        headers);
  }

  private static Header header(String name, String value) {
    return new RecordHeader(name, value.getBytes(UTF_8));
  }

  private LogFencedException fail(SealedEpoch epoch, RuntimeException cause) {
    failure = cause.toString();
    // Without waiting, and without an abort: after a commit was asked for, aborting is forbidden.
    // The next fence, or else transaction.timeout.ms, clears what is left open.
    closeNow(producer);
    String message =
        "epoch not committed: vm="
            + vm
            + " run="
            + run
            + " term="
            + term
            + " epoch="
            + epoch.number()
            + " partition="
            + epoch.partition()
            + ": Kafka said: "
            + cause;
    return isTimeout(cause)
        ? new LogTimeoutException(message, cause)
        : new LogFencedException(message, cause);
  }

  /** Records that could not be delivered in time come as the cause of the commit's failure. */
  private static boolean isTimeout(Throwable failure) {
    for (Throwable at = failure; at != null; at = at.getCause()) {
      if (at instanceof TimeoutException) {
        return true;
      }
    }
    return false;
  }

  /** A producer after initTransactions. */
  private static final class Fenced implements FencedWriter {
    private final Producer<String, byte[]> producer;
    private final Duration commitTimeout;
    private final VmId vm;
    private boolean begun;

    private Fenced(Producer<String, byte[]> producer, Duration commitTimeout, VmId vm) {
      this.producer = producer;
      this.commitTimeout = commitTimeout;
      this.vm = vm;
    }

    @Override
    public EpochLog begin(UUID run, long term, ChainState chain, int partitions) {
      if (begun) {
        throw new IllegalStateException("the fenced writer was begun before: vm=" + vm);
      }
      if (term != chain.term() + 1 || partitions < 1) {
        throw new IllegalArgumentException(
            "a leadership must continue the last one: term="
                + term
                + " lastTerm="
                + chain.term()
                + " partitions="
                + partitions);
      }
      begun = true;
      return new KafkaEpochWriter(producer, commitTimeout, vm, run, term, chain, partitions);
    }

    @Override
    public void close() {
      closeNow(producer);
    }
  }
}
