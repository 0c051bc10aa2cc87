package io.understudy.containertests;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.log.Epoch;
import io.understudy.log.EpochReader;
import io.understudy.log.SteadyWriter;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A leader commits and a standby reads while the broker's container is killed or frozen. */
@ExtendWith(Engine.class)
class BrokerContainerFaultIT {
  private static final Duration DEADLINE = Duration.ofSeconds(60);

  private static BrokerContainer broker;

  private SteadyWriter writer;
  private EpochReader reader;
  private long read;

  @BeforeAll
  static void startBroker() {
    broker = BrokerContainer.start();
  }

  @AfterAll
  static void stopBroker() {
    if (broker != null) {
      broker.close();
    }
  }

  @BeforeEach
  void start() throws Exception {
    writer = SteadyWriter.start(broker.connection());
    writer.awaitEpochs(1);
    reader = EpochReader.fromStart(broker.connection(), writer.vm());
  }

  @AfterEach
  void stop() {
    if (reader != null) {
      reader.close();
    }
    if (writer != null) {
      writer.close();
    }
  }

  @Test
  void everyEpochIsReadOnce_whenContainerIsKilledAndStartedAgain() throws Exception {
    for (int round = 0; round < 2; round++) {
      commitAndRead(50 + round * 7);
      broker.kill();
      broker.startAgain();
    }
    commitAndRead(50);

    writer.assertLogIsWhole();
  }

  @Test
  void everyEpochIsReadOnce_whenContainerIsRestarted() throws Exception {
    commitAndRead(50);
    broker.restart();
    commitAndRead(50);

    writer.assertLogIsWhole();
  }

  /**
   * For less than a request may take, and for more: then the broker gets the request again, after
   * the one that waited for it.
   */
  @ParameterizedTest
  @ValueSource(longs = {2, 12})
  void everyEpochIsReadOnce_whenContainerIsPaused(long seconds) throws Exception {
    commitAndRead(50);
    broker.pause();
    long frozen = writer.acknowledged();
    readFor(Duration.ofSeconds(seconds));
    // One answer may have been under way.
    assertThat(writer.acknowledged()).isBetween(frozen, frozen + 1);
    broker.unpause();
    commitAndRead(50);

    writer.assertLogIsWhole();
  }

  /** Waits until that many more epochs are committed, and all up to there are read. */
  private void commitAndRead(long count) throws Exception {
    writer.awaitEpochs(count);
    long wanted = writer.acknowledged();
    long deadlineNanos = System.nanoTime() + DEADLINE.toNanos();
    while (read <= wanted) {
      assertThat(System.nanoTime() - deadlineNanos)
          .as("epoch %d read in time, now %d", wanted, read)
          .isNegative();
      readOne(Duration.ofMillis(50));
    }
  }

  private void readFor(Duration time) {
    long endNanos = System.nanoTime() + time.toNanos();
    long leftNanos = time.toNanos();
    while (leftNanos > 0) {
      readOne(Duration.ofNanos(leftNanos));
      leftNanos = endNanos - System.nanoTime();
    }
  }

  private void readOne(Duration timeout) {
    Epoch epoch = reader.poll(timeout);
    if (epoch != null) {
      assertThat(epoch.number()).isEqualTo(read);
      assertThat(epoch.term()).isEqualTo(1);
      read++;
    }
  }
}
