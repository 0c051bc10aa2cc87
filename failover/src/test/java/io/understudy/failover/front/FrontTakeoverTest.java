package io.understudy.failover.front;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Nodes change while clients talk; the clients must not notice. */
class FrontTakeoverTest {
  private static final int CLIENTS = 20;
  private static final int LINES = 300;
  private static final int TAKEOVERS = 5;
  private static final long POLL_NANOS = 50_000;

  private final RecordingListener listener = new RecordingListener();
  private final ScriptedRun run = ScriptedRun.ofChannels();
  private Front front;

  @BeforeEach
  void open() {
    front = Front.open(adapted(settings(ConsoleMode.CHANNELS, run)), listener);
    front.start();
  }

  @AfterEach
  void close() {
    front.close();
    run.close();
    assertThat(run.failure.get()).isNull();
  }

  /** How fronts of this test are, beside the settings of all tests. */
  FrontSettings adapted(FrontSettings settings) {
    return settings;
  }

  /** A client as fronts of this test expect it. */
  LineClient connect(Front to) throws IOException {
    return new LineClient(to.address());
  }

  /** The front of each test. */
  Front front() {
    return front;
  }

  /** The run that it serves. */
  ScriptedRun run() {
    return run;
  }

  static FrontSettings settings(ConsoleMode mode, ScriptedRun run) {
    FrontSettings defaults =
        FrontSettings.of(
            ScriptedRun.VM,
            run.run,
            mode,
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    FrontSettings.Timing timing =
        new FrontSettings.Timing(
            Duration.ofMillis(50),
            Duration.ofSeconds(20),
            Duration.ofMillis(5),
            Duration.ofMillis(20),
            Duration.ofSeconds(20),
            Duration.ofSeconds(20));
    return new FrontSettings(
        defaults.vm(),
        defaults.run(),
        mode,
        defaults.listen(),
        defaults.limits(),
        timing,
        Optional.empty());
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void takeoverKeepsEveryLineOnceAndInOrder(long seed) throws Exception {
    Random random = new Random(seed);
    ScriptedRun.Node primary = run.standby();
    ScriptedRun.Node standby = run.standby();
    primary.promote();
    primary.commitOnly(1 + random.nextInt(12));
    front.nodes(run.endpoints());
    ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
    try {
      List<Future<String>> conversations = new ArrayList<>();
      for (int client = 0; client < CLIENTS; client++) {
        conversations.add(clients.submit(conversation(client)));
      }
      for (int takeover = 0; takeover < TAKEOVERS; takeover++) {
        assertThat(primary.withheld.poll(20, TimeUnit.SECONDS)).isTrue();
        ScriptedRun.Node next = run.standby();
        boolean isLast = takeover == TAKEOVERS - 1;
        standby.commitOnly(isLast ? Integer.MAX_VALUE : 1 + random.nextInt(12));
        if (random.nextBoolean()) {
          // Without this the old one stays connected, as a zombie does.
          primary.close();
        }
        standby.promote();
        front.nodes(run.endpoints());
        primary = standby;
        standby = next;
      }
      for (int client = 0; client < CLIENTS; client++) {
        assertThat(conversations.get(client).get(60, TimeUnit.SECONDS))
            .as("client %d", client)
            .isEqualTo(expected(client));
      }
    } finally {
      clients.shutdownNow();
    }
    listener.await("attached " + (TAKEOVERS + 1) + " ");
    FrontStatistics statistics = front.statistics();
    assertThat(statistics.term()).isEqualTo(TAKEOVERS + 1);
    assertThat(statistics.inputReplays()).isPositive();
    assertThat(statistics.resynchronizations()).isBetween(1L, 2L);
    assertThat(statistics.clientsDisconnected()).isZero();
  }

  @ParameterizedTest
  @ValueSource(longs = {11, 12, 13})
  void lostLinkToTheSameNodeLosesNothing(long seed) throws Exception {
    Random random = new Random(seed);
    ScriptedRun.Node primary = run.standby();
    primary.promote();
    front.nodes(run.endpoints());
    ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
    try {
      List<Future<String>> conversations = new ArrayList<>();
      for (int client = 0; client < CLIENTS; client++) {
        conversations.add(clients.submit(conversation(client)));
      }
      for (int loss = 0; loss < 10; loss++) {
        long goal = front.statistics().outputOffset() + random.nextInt(2000);
        await(() -> front.statistics().outputOffset() >= goal || allDone(conversations));
        front.nodes(Set.of());
        listener.await("lost REMOVED");
        front.nodes(run.endpoints());
        listener.await("attached 1 ");
      }
      for (int client = 0; client < CLIENTS; client++) {
        assertThat(conversations.get(client).get(60, TimeUnit.SECONDS))
            .as("client %d", client)
            .isEqualTo(expected(client));
      }
    } finally {
      clients.shutdownNow();
    }
  }

  @Test
  void nothingOfAnOldTermIsUsed() throws Exception {
    ScriptedRun.Node zombie = run.standby();
    ScriptedRun.Node heir = run.standby();
    zombie.promote();
    front.nodes(run.endpoints());
    try (LineClient client = connect(front)) {
      client.send("one\n");
      assertThat(client.line()).isEqualTo("1:one");
      heir.promote();
      listener.await("attached 2 ");
      byte[] lie = ChannelFrame.data(1, "lie\n".getBytes(StandardCharsets.UTF_8)).encode();
      for (int round = 0; round < 3; round++) {
        // The zombie is refused each time it says HELLO, whatever offsets it claims.
        zombie.speakAndCommit(lie);
        listener.await("lost SUPERSEDED " + zombie.endpoint());
        client.send("more\n");
        assertThat(client.line()).isEqualTo((round + 2) + ":more");
      }
      assertThat(front.statistics().node()).contains(heir.endpoint());
      assertThat(zombie.server.isAttached()).isFalse();
    }
  }

  @Test
  void inputWaitsWhileNoNodeServes() throws Exception {
    ScriptedRun.Node primary = run.standby();
    primary.promote();
    front.nodes(run.endpoints());
    try (LineClient client = connect(front)) {
      client.send("one\n");
      assertThat(client.line()).isEqualTo("1:one");
      primary.close();
      listener.await("lost CLOSED");
      listener.await("refused");
      client.send("two\n");
      await(() -> front.statistics().bytesFromClients() == 8);
      assertThat(front.statistics().stalledSince()).isPresent();
      ScriptedRun.Node heir = run.standby(primary.endpoint().port());
      heir.promote();
      assertThat(client.line()).isEqualTo("2:two");
      assertThat(listener.await("attached 2 ")).isNotNull();
      listener.await("output 2 ");
    }
  }

  @Test
  void streamModePassesBytesThroughATakeover() throws Exception {
    try (ScriptedRun echo = new ScriptedRun(() -> bytes -> bytes);
        Front stream = Front.open(adapted(settings(ConsoleMode.STREAM, echo)), listener)) {
      stream.start();
      ScriptedRun.Node primary = echo.standby();
      ScriptedRun.Node heir = echo.standby();
      primary.promote();
      stream.nodes(echo.endpoints());
      try (LineClient client = connect(stream)) {
        client.send("one\n");
        assertThat(client.line()).isEqualTo("one");
        primary.commitOnly(0);
        client.send("two\n");
        assertThat(primary.withheld.poll(20, TimeUnit.SECONDS)).isTrue();
        heir.promote();
        assertThat(client.line()).isEqualTo("two");
        try (LineClient second = connect(stream)) {
          assertThat(second.rest()).contains("in use by another client");
        }
        client.send("three\n");
        assertThat(client.line()).isEqualTo("three");
      }
    }
  }

  private Callable<String> conversation(int number) {
    return () -> {
      try (LineClient client = connect(front)) {
        StringBuilder answers = new StringBuilder();
        for (int line = 0; line < LINES; line++) {
          client.send("c" + number + " l" + line + "\n");
          // Some lines are in flight, some answers are waited for.
          if (line % 10 == 9) {
            for (int answer = 0; answer < 10; answer++) {
              answers.append(client.line()).append('\n');
            }
          }
        }
        client.end();
        return answers + client.rest();
      }
    };
  }

  private static String expected(int number) {
    StringBuilder answers = new StringBuilder();
    for (int line = 0; line < LINES; line++) {
      answers.append(line + 1).append(":c").append(number).append(" l").append(line).append('\n');
    }
    return answers.toString();
  }

  private static boolean allDone(List<Future<String>> futures) {
    return futures.stream().allMatch(Future::isDone);
  }

  /** Polls until {@code condition} holds. */
  static void await(Callable<Boolean> condition) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!condition.call()) {
      assertThat(System.nanoTime()).as("deadline").isLessThan(deadline);
      LockSupport.parkNanos(POLL_NANOS);
    }
  }
}
