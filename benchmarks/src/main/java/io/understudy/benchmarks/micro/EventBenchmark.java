package io.understudy.benchmarks.micro;

import io.understudy.schemas.EventCodec;
import io.understudy.schemas.EventRecord;
import io.understudy.schemas.GuestEvent;
import io.understudy.schemas.HashChain;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.Blackhole;

/**
 * Question: what do Avro and the hash chain cost for each event, without Kafka? Unit: microseconds
 * for one event, for the chain those of one epoch of {@value #EVENTS} events. Everything is in the
 * processor's cache, which flatters.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class EventBenchmark {
  /** Events of the epoch that is hashed. */
  static final int EVENTS = 16;

  private static final GuestEvent.EpochCommitted MARK =
      new GuestEvent.EpochCommitted(
          EVENTS,
          100,
          1,
          2,
          3,
          496,
          80,
          64,
          5_000_000,
          HashChain.genesis(),
          HashChain.genesis(),
          0,
          0);

  private EventRecord clock;
  private EventRecord input;
  private byte[] clockWire;
  private byte[] inputWire;
  private List<byte[]> epoch;

  /** Makes the events: the two kinds that a log consists of. */
  @Setup
  public void make() {
    clock = record(new GuestEvent.ClockAdvanced(123_456_789_012L));
    input =
        record(
            new GuestEvent.ConsoleInput(
                "*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$3\r\nabc\r\n"
                    .getBytes(StandardCharsets.US_ASCII)));
    clockWire = EventCodec.encode(clock);
    inputWire = EventCodec.encode(input);
    epoch = new ArrayList<>();
    for (int index = 0; index < EVENTS; index++) {
      epoch.add(index % 2 == 0 ? clockWire : inputWire);
    }
  }

  private static EventRecord record(GuestEvent event) {
    return new EventRecord(
        "ledger",
        new UUID(1, 2),
        3,
        40_000,
        500_000,
        6_000_000,
        0x101234,
        0x1234_5678_9abcL,
        event);
  }

  /** Time that passed, to bytes. */
  @Benchmark
  public byte[] encodeClockAdvanced() {
    return EventCodec.encode(clock);
  }

  /** A request of 31 bytes, to bytes. */
  @Benchmark
  public byte[] encodeConsoleInput() {
    return EventCodec.encode(input);
  }

  /** Time that passed, from bytes. */
  @Benchmark
  public EventRecord decodeClockAdvanced() {
    return EventCodec.decode(clockWire);
  }

  /** A request of 31 bytes, from bytes. */
  @Benchmark
  public EventRecord decodeConsoleInput() {
    return EventCodec.decode(inputWire);
  }

  /** An epoch's place in the chain. */
  @Benchmark
  public void hashEpoch(Blackhole hole) {
    HashChain chain = new HashChain();
    epoch.forEach(chain::add);
    hole.consume(chain.close(40_000, 3, 6_000_000, 0x101234, 5, MARK));
  }
}
