package io.understudy.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.cli.demo.LocalCluster;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The clients that everybody has, against the front. */
class RedisToolsIT {
  private static final Duration BENCHMARK = Duration.ofMinutes(4);

  @BeforeEach
  void needsTools() {
    Needs.kvm();
    Needs.program("redis-cli", "redis-tools");
    Needs.program("redis-benchmark", "redis-tools");
  }

  @Test
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  void redisToolsWork_throughTheFront() throws Exception {
    try (LocalCluster cluster = TestPair.cluster("redis-tools")) {
      TestPair pair = TestPair.start(cluster, "tools");
      String port = Integer.toString(pair.port());

      assertThat(cli(port, "PING")).isEqualTo("PONG");
      assertThat(cli(port, "SET", "name", "understudy")).isEqualTo("OK");
      assertThat(cli(port, "GET", "name")).isEqualTo("understudy");
      assertThat(cli(port, "INCR", "count")).isEqualTo("1");

      String report =
          Tool.run(
              BENCHMARK,
              "redis-benchmark",
              "-p",
              port,
              "-t",
              "ping,set,get,incr",
              "-n",
              "2000",
              "-q");
      assertThat(report).contains("PING", "SET:", "GET:", "INCR:").doesNotContain("ERR");
    }
  }

  @Test
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  void redisBenchmarkFinishes_whenLeaderIsKilledInTheMiddle() throws Exception {
    try (LocalCluster cluster = TestPair.cluster("redis-benchmark-failover")) {
      TestPair pair = TestPair.start(cluster, "bench");
      String port = Integer.toString(pair.port());
      int requests = 20_000;
      try (Tool benchmark =
          Tool.start(
              "redis-benchmark",
              "-p",
              port,
              "-n",
              Integer.toString(requests),
              "INCR",
              "benchmark:count")) {
        cluster.await(
            () -> counted(port) > requests / 10, "benchmark is under way", TestPair.TIMEOUT);

        pair.leader().kill();
        assertThat(benchmark.isRunning()).as("benchmark runs when the leader is killed").isTrue();
        pair.awaitTakeover();

        benchmark.awaitSuccess(BENCHMARK);
        // It sends up to one request more per connection than it was asked for, and none of them
        // twice.
        assertThat(counted(port)).isBetween((long) requests, requests + 50L);
      }
    }
  }

  private static long counted(String port) {
    try {
      String value = cli(port, "GET", "benchmark:count");
      return value.isEmpty() ? 0 : Long.parseLong(value);
    } catch (Exception e) {
      throw new AssertionError("redis-cli failed", e);
    }
  }

  private static String cli(String port, String... words) throws Exception {
    String[] command = new String[words.length + 3];
    command[0] = "redis-cli";
    command[1] = "-p";
    command[2] = port;
    System.arraycopy(words, 0, command, 3, words.length);
    return Tool.run(TestPair.TIMEOUT, command).trim();
  }
}
