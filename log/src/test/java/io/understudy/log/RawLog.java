package io.understudy.log;

import io.understudy.schemas.GuestEvent;
import io.understudy.schemas.Topics;
import io.understudy.schemas.VmId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * A correct run of six epochs in two partitions as plain transactions, for tests to break before it
 * is written by a producer that checks nothing.
 */
final class RawLog {
  static final int PARTITIONS = 2;
  static final int EPOCHS = 6;

  final VmId vm = new VmId("raw-" + UUID.randomUUID().toString().substring(0, 8));
  final UUID run = UUID.randomUUID();
  final List<Transaction> transactions = new ArrayList<>();
  private final List<ChainState> chains = new ArrayList<>();

  /** A transaction of one partition. */
  record Transaction(int partition, List<byte[]> values) {}

  RawLog() {
    ChainState chain = ChainState.genesis();
    for (int epoch = 0; epoch < EPOCHS; epoch++) {
      chains.add(chain);
      SealedEpoch sealed = seal(vm.text(), run, 1, chain, draft(epoch));
      transactions.add(transaction(sealed));
      chain = sealed.next();
    }
    chains.add(chain);
  }

  static EpochDraft draft(int epoch) {
    return epoch == 0
        ? Drafts.first(PARTITIONS)
        : Drafts.of(
            epoch * 10L,
            new GuestEvent.ClockAdvanced(epoch * 1000L),
            Drafts.input("line " + epoch),
            new GuestEvent.ClockAdvanced(epoch * 1000L + 1));
  }

  /** What epoch {@code epoch} continues. */
  ChainState chainBefore(int epoch) {
    return chains.get(epoch);
  }

  void replaceChain(int epoch, ChainState chain) {
    chains.set(epoch, chain);
  }

  static SealedEpoch seal(String vm, UUID run, long term, ChainState chain, EpochDraft draft) {
    return SealedEpoch.seal(vm, run, term, PARTITIONS, chain, draft);
  }

  static Transaction transaction(SealedEpoch epoch) {
    return new Transaction(epoch.partition(), new ArrayList<>(epoch.wire()));
  }

  List<byte[]> values(int epoch) {
    return transactions.get(epoch).values();
  }

  /** Creates the topic and commits every transaction. */
  void write(ClusterConnection connection) {
    try (LogTopics topics = new LogTopics(connection)) {
      topics.create(vm, PARTITIONS);
    }
    try (Producer<String, byte[]> producer = producer(connection)) {
      for (Transaction transaction : transactions) {
        producer.beginTransaction();
        send(producer, transaction);
        producer.commitTransaction();
      }
    }
    // A commit is acknowledged a moment before readers see it: not so one that was taken over.
    producer(connection).close();
  }

  /**
   * The same, with each transaction aborted once before it is committed, and one more that is open
   * while {@code meanwhile} runs.
   */
  void writeWithFailures(ClusterConnection connection, Runnable meanwhile) {
    try (LogTopics topics = new LogTopics(connection)) {
      topics.create(vm, PARTITIONS);
    }
    try (Producer<String, byte[]> producer = producer(connection)) {
      for (Transaction transaction : transactions) {
        producer.beginTransaction();
        send(producer, transaction);
        producer.flush();
        producer.abortTransaction();
        producer.beginTransaction();
        send(producer, transaction);
        producer.commitTransaction();
      }
      producer.beginTransaction();
      send(producer, transactions.get(3));
      producer.flush();
      meanwhile.run();
    }
  }

  Producer<String, byte[]> producer(ClusterConnection connection) {
    Producer<String, byte[]> producer =
        new KafkaProducer<>(
            KafkaSettings.epochWriter(
                connection, Topics.transactionalId(vm), Duration.ofSeconds(30)));
    producer.initTransactions();
    return producer;
  }

  void send(Producer<String, byte[]> producer, Transaction transaction) {
    for (byte[] value : transaction.values()) {
      var unused =
          producer.send(
              new ProducerRecord<>(Topics.events(vm), transaction.partition(), "raw", value));
    }
  }
}
