package io.understudy.cli.demo;

import io.understudy.schemas.Heartbeat;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Clients count, the leader is killed in the middle, and they count on: what every demo does,
 * wherever its nodes run. Owned by one thread.
 */
final class FailoverUnderTraffic {
  /** How many clients a demo has. */
  static final int CLIENTS = 4;

  private final String vm;
  private final Stage stage;
  private final Duration trafficTime;
  private final Consumer<String> people;

  /**
   * A failover to come.
   *
   * @param trafficTime how long clients send requests, half of it before the kill
   * @param people takes a line for each step
   */
  FailoverUnderTraffic(String vm, Stage stage, Duration trafficTime, Consumer<String> people) {
    this.vm = vm;
    this.stage = stage;
    this.trafficTime = trafficTime;
    this.people = people;
  }

  /** Where the nodes are. */
  interface Stage {
    /** The heartbeats of the cluster. */
    NodeBeats beats();

    /**
     * Listens to heartbeats until {@code condition} holds.
     *
     * @throws DemoException if it does not in time
     */
    void await(BooleanSupplier condition, String expected);

    /**
     * Lets {@code duration} pass while listening to heartbeats.
     *
     * @throws DemoException if it is seen that what runs there does so no more
     */
    void listen(Duration duration);

    /** An exception with what there is to know about the state of things. */
    DemoException failure(String message);

    /** What is about to be killed, for people. */
    String victim();

    /** Kills the leader as a lost host would; returns when it is dead. */
    void kill();

    /** What the standby has printed. */
    List<String> promotedLines();
  }

  /**
   * What came of it.
   *
   * @param traffic what the clients saw
   * @param phases the failover
   * @param before the standby's last heartbeat before the kill
   * @param lagEpochs epochs that it was behind then
   */
  record Result(
      HistoryChecker.Result traffic, FailoverPhases phases, Heartbeat before, long lagEpochs) {}

  /**
   * Runs it.
   *
   * @param service where clients connect, with a prefix for keys that do not exist yet
   * @param leader heartbeat of the node that leads
   * @param standby name of the node that is to take over
   * @throws DemoException if clients are not served, or no standby takes over
   */
  Result run(IncrTraffic.Settings service, Heartbeat leader, String standby) {
    try (IncrTraffic traffic = IncrTraffic.start(service)) {
      say(service.clients() + " clients count for " + trafficTime.toSeconds() + " s");
      NodeBeats beats = stage.beats();
      stage.listen(trafficTime.dividedBy(2));
      beats.poll();
      Heartbeat before = beats.newest(vm, standby).orElseThrow();
      long led = beats.newest(vm, leader.node()).map(Heartbeat::epoch).orElse(0L);

      say("kill -9 " + stage.victim() + " (" + leader.node() + "), " + acknowledged(traffic));
      long killedMillis = System.currentTimeMillis();
      long killedNanos = System.nanoTime();
      stage.kill();
      // A reply may still be on its way from the front to a client.
      long known = traffic.acknowledged();
      long term = leader.term() + 1;
      stage.await(
          () -> beats.leader(vm, term).filter(beat -> beat.node().equals(standby)).isPresent(),
          "node leads: vm=" + vm + " node=" + standby + " term=" + term);
      stage.await(
          () -> traffic.acknowledged() > known || traffic.living() == 0,
          "clients go on after the failover");
      say(standby + " leads term " + term + ", " + acknowledged(traffic));
      if (traffic.living() > 0) {
        stage.listen(trafficTime.dividedBy(2));
      }
      TrafficHistory history = traffic.stop();
      say("traffic stopped, " + acknowledged(traffic));

      FailoverPhases phases =
          FailoverPhases.of(
              vm,
              beats,
              killedMillis,
              killedMillis + HistoryChecker.outageNanos(history, killedNanos) / 1_000_000,
              stage.promotedLines());
      phases.byName().forEach((phase, millis) -> say(line(phase, millis)));
      return new Result(
          HistoryChecker.check(history), phases, before, Math.max(0, led - before.epoch()));
    } catch (IOException e) {
      throw stage.failure("clients are not served: service=" + service.service() + ": " + e);
    }
  }

  private void say(String text) {
    people.accept(text);
  }

  private static String line(String phase, long millis) {
    return String.format(Locale.ROOT, "  %-12s %6d ms", phase, millis);
  }

  private static String acknowledged(IncrTraffic traffic) {
    return traffic.acknowledged() + " requests acknowledged";
  }
}
