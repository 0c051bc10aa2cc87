package io.understudy.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.understudy.schemas.EventCodec;
import io.understudy.schemas.EventRecord;
import io.understudy.schemas.GuestEvent;
import io.understudy.schemas.Topics;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The reader against logs that no correct writer makes, on a real broker. Mostly epoch 3 is broken;
 * what is behind a mark is found when the next epoch of the partition is read.
 */
class CorruptLogTest {
  private static final int RECORD_BYTE = 80;

  private final ClusterConnection connection = TestBroker.connection();
  private final RawLog log = new RawLog();

  static Stream<Arguments> faults() {
    return Stream.of(
        fault("missing first event", 3, "sequence is not gapless", l -> l.values(3).remove(0)),
        fault("missing inner event", 3, "sequence is not gapless", l -> l.values(3).remove(1)),
        fault("missing last event", 3, "sequence is not gapless", l -> l.values(3).remove(2)),
        fault("missing mark", 3, "not of the next epoch", l -> l.values(3).remove(3)),
        fault("missing epoch", 3, "not of the next epoch", l -> l.transactions.remove(3)),
        fault(
            "missing mark at the end",
            5,
            "epoch is missing or incomplete in partition 1",
            l -> l.values(5).remove(3)),
        fault(
            "missing next to last epoch",
            4,
            "epoch is missing or incomplete in partition 0",
            l -> l.transactions.remove(4)),
        fault(
            "swapped epochs of one partition",
            3,
            "not of the next epoch",
            l -> Collections.swap(l.transactions, 3, 5)),
        fault(
            "changed event",
            3,
            "hash of the epoch differs",
            l -> change(l, 3, 0, r -> with(r, new GuestEvent.ClockAdvanced(1)))),
        fault(
            "exchanged events with exchanged sequences",
            3,
            "hash of the epoch differs",
            CorruptLogTest::exchangeEvents),
        fault("flipped bit", 3, "hash of the epoch differs", l -> l.values(3).get(1)[70] ^= 1),
        fault("repeated event", 3, "sequence is not gapless", l -> repeat(l, 0)),
        fault("repeated mark", 5, "not of the next epoch", l -> repeat(l, 3)),
        fault(
            "record after the last mark",
            6,
            "epoch is missing or incomplete in partition 0",
            l -> l.values(5).add(l.values(5).get(0))),
        fault(
            "record after the mark",
            5,
            "not of the next epoch",
            l -> l.values(3).add(l.values(3).get(0))),
        fault("repeated epoch", 5, "not of the next epoch", l -> l.transactions.add(4, again(l))),
        fault(
            "wrong term",
            3,
            "term is not the current one",
            l -> change(l, 3, 0, r -> withTerm(r, 2))),
        fault(
            "term changes inside the epoch",
            3,
            "term changes inside an epoch",
            l -> change(l, 3, 1, r -> withTerm(r, 2))),
        fault("wrong vm", 3, "record of another vm", l -> change(l, 3, 1, r -> withVm(r, "other"))),
        fault(
            "wrong run",
            3,
            "record of another run",
            l -> change(l, 3, 1, r -> withRun(r, new UUID(1, 1)))),
        fault("epoch on the wrong partition", 3, "wrong partition", CorruptLogTest::misplace),
        fault(
            "wrong count",
            3,
            "mark counts other events",
            l -> change(l, 3, 3, r -> withMark(r, 4, mark(r).firstSequence(), mark(r).hash()))),
        fault(
            "wrong first sequence",
            3,
            "another first sequence",
            l -> change(l, 3, 3, r -> withMark(r, 3, 0, mark(r).hash()))),
        fault(
            "wrong hash",
            3,
            "hash of the epoch differs",
            l -> change(l, 3, 3, r -> withMark(r, 3, mark(r).firstSequence(), new byte[32]))),
        fault("another history", 3, "mark continues another epoch", CorruptLogTest::otherHistory),
        fault("old term after TermStarted", 4, "term is not the current", l -> takeOver(l, 2)),
        fault("skipped term", 3, "term is not the current one", l -> takeOver(l, 3)),
        fault(
            "truncated Avro",
            3,
            "unreadable record",
            l -> l.values(3).set(1, Arrays.copyOf(l.values(3).get(1), 60))),
        fault(
            "trailing bytes",
            3,
            "unreadable record",
            l -> l.values(3).set(1, Arrays.copyOf(l.values(3).get(1), 160))),
        fault("other bytes", 3, "unreadable record", l -> l.values(3).set(1, new byte[20])),
        fault("no value", 3, "without a value", l -> l.values(3).set(1, null)),
        fault("no RunStarted", 0, "does not begin with its header", CorruptLogTest::removeHeader),
        fault(
            "other partitions than RunStarted",
            0,
            "partitions of the topic differ",
            l -> change(l, 0, 0, r -> with(r, Drafts.runStarted(3)))));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("faults")
  void stopsAtTheFault_whenLogIsCorrupt(
      String name, int intact, String what, Consumer<RawLog> fault) {
    fault.accept(log);
    log.write(connection);

    try (EpochReader reader = EpochReader.fromStart(connection, log.vm)) {
      List<Long> read = new ArrayList<>();
      assertThatThrownBy(() -> readToEnd(reader, read))
          .as(name)
          .isInstanceOf(LogCorruptException.class)
          .hasMessageContaining(what)
          .hasMessageContaining("vm=" + log.vm)
          .hasMessageContaining("run=")
          .hasMessageContaining("partition=")
          .hasMessageContaining("offset=")
          .hasMessageContaining("epoch=" + intact)
          .hasMessageContaining("sequence=")
          .hasMessageContaining("expected=")
          .hasMessageContaining("actual=");
      assertThat(read).hasSize(intact);
      assertThat(reader.position().chain()).isEqualTo(log.chainBefore(intact));
    }
  }

  @Test
  void stopsAtTheFault_whenTheBrokerHasOtherBytes() throws IOException {
    log.write(connection);
    Path segment = TestBroker.firstSegment(Topics.events(log.vm), 0);
    try (FileChannel file =
        FileChannel.open(segment, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      ByteBuffer one = ByteBuffer.allocate(1);
      // Behind the header of the first batch (61 bytes), so in its records.
      file.read(one, RECORD_BYTE);
      one.put(0, (byte) (one.get(0) ^ 1));
      file.write(one.flip(), RECORD_BYTE);
    }

    assertThatThrownBy(this::readAll)
        .isInstanceOf(LogCorruptException.class)
        .hasMessageContaining("damaged batch of records")
        .hasMessageContaining("vm=" + log.vm)
        .hasMessageContaining("epoch=0")
        .hasMessageContaining("stored crc")
        .message()
        .doesNotContain("seek past");
  }

  @Test
  void readsAll_whenLogIsIntact() {
    log.write(connection);
    assertThat(readAll()).hasSize(RawLog.EPOCHS);
  }

  @Test
  void readsAll_whenAbortedTransactionsLieBetween() {
    log.writeWithFailures(connection, () -> assertThat(readAll()).hasSize(RawLog.EPOCHS));
  }

  private List<Long> readAll() {
    List<Long> read = new ArrayList<>();
    try (EpochReader reader = EpochReader.fromStart(connection, log.vm)) {
      readToEnd(reader, read);
    }
    return read;
  }

  private static void readToEnd(EpochReader reader, List<Long> read) {
    LogEnd end = reader.end();
    long deadlineNanos = System.nanoTime() + EpochLogContractTest.DEADLINE.toNanos();
    while (!reader.reached(end)) {
      assertThat(System.nanoTime() - deadlineNanos).as("in time").isNegative();
      Epoch epoch = reader.poll(Duration.ofMillis(20));
      if (epoch != null) {
        read.add(epoch.number());
      }
    }
  }

  private static Arguments fault(String name, int intact, String what, Consumer<RawLog> fault) {
    return Arguments.of(name, intact, what, fault);
  }

  private static void change(RawLog log, int epoch, int index, UnaryOperator<EventRecord> change) {
    EventRecord record = EventCodec.decode(log.values(epoch).get(index));
    log.values(epoch).set(index, EventCodec.encode(change.apply(record)));
  }

  private static void repeat(RawLog log, int index) {
    log.values(3).add(index, log.values(3).get(index));
  }

  private static RawLog.Transaction again(RawLog log) {
    return new RawLog.Transaction(1, log.values(3));
  }

  private static void exchangeEvents(RawLog log) {
    GuestEvent first = EventCodec.decode(log.values(3).get(0)).event();
    GuestEvent second = EventCodec.decode(log.values(3).get(1)).event();
    change(log, 3, 0, record -> with(record, second));
    change(log, 3, 1, record -> with(record, first));
  }

  private static void misplace(RawLog log) {
    log.transactions.set(3, new RawLog.Transaction(0, log.values(3)));
    Collections.swap(log.transactions, 3, 4);
    // Partition 1 gets an epoch that belongs to partition 0.
    log.transactions.add(3, new RawLog.Transaction(1, log.values(2)));
  }

  private static void otherHistory(RawLog log) {
    ChainState chain = log.chainBefore(3);
    ChainState other =
        new ChainState(chain.nextEpoch(), chain.nextSequence(), chain.term(), new byte[32]);
    log.transactions.set(
        3, RawLog.transaction(RawLog.seal(log.vm.text(), log.run, 1, other, RawLog.draft(3))));
  }

  /** Epoch 3 becomes the first of {@code term}; the epochs after it stay as term 1 wrote them. */
  private static void takeOver(RawLog log, long term) {
    SealedEpoch epoch =
        RawLog.seal(
            log.vm.text(), log.run, term, log.chainBefore(3), Drafts.takeOver(log.chainBefore(3)));
    log.transactions.set(3, RawLog.transaction(epoch));
    if (term == 2) {
      // The fenced writer's epoch 4 as it would be if it continued the right sequence.
      ChainState stale =
          new ChainState(
              epoch.next().nextEpoch(), epoch.next().nextSequence(), 1, epoch.next().hash());
      log.replaceChain(4, epoch.next());
      log.transactions.set(
          4, RawLog.transaction(RawLog.seal(log.vm.text(), log.run, 1, stale, RawLog.draft(4))));
    }
  }

  private static void removeHeader(RawLog log) {
    log.values(0).remove(0);
    change(log, 0, 0, record -> withSequence(record, 0));
  }

  private static GuestEvent.EpochCommitted mark(EventRecord record) {
    return (GuestEvent.EpochCommitted) record.event();
  }

  private static EventRecord withMark(EventRecord r, int count, long first, byte[] hash) {
    GuestEvent.EpochCommitted mark = mark(r);
    return with(
        r,
        new GuestEvent.EpochCommitted(
            count,
            first,
            mark.registersDigest(),
            mark.devicesDigest(),
            mark.memoryDigest(),
            mark.inputOffset(),
            mark.outputOffset(),
            mark.releasedOutputOffset(),
            mark.virtualNanos(),
            mark.previousHash(),
            hash,
            mark.framesSent(),
            mark.framesReleased()));
  }

  private static EventRecord with(EventRecord r, GuestEvent event) {
    return new EventRecord(
        r.vm(),
        r.run(),
        r.term(),
        r.epoch(),
        r.sequence(),
        r.position(),
        r.rip(),
        r.registers(),
        event);
  }

  private static EventRecord withTerm(EventRecord r, long term) {
    return new EventRecord(
        r.vm(),
        r.run(),
        term,
        r.epoch(),
        r.sequence(),
        r.position(),
        r.rip(),
        r.registers(),
        r.event());
  }

  private static EventRecord withSequence(EventRecord r, long sequence) {
    return new EventRecord(
        r.vm(),
        r.run(),
        r.term(),
        r.epoch(),
        sequence,
        r.position(),
        r.rip(),
        r.registers(),
        r.event());
  }

  private static EventRecord withVm(EventRecord r, String vm) {
    return new EventRecord(
        vm,
        r.run(),
        r.term(),
        r.epoch(),
        r.sequence(),
        r.position(),
        r.rip(),
        r.registers(),
        r.event());
  }

  private static EventRecord withRun(EventRecord r, UUID run) {
    return new EventRecord(
        r.vm(),
        run,
        r.term(),
        r.epoch(),
        r.sequence(),
        r.position(),
        r.rip(),
        r.registers(),
        r.event());
  }
}
