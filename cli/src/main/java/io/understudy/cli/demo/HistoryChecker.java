package io.understudy.cli.demo;

import io.understudy.cli.demo.TrafficHistory.Client;
import io.understudy.cli.demo.TrafficHistory.Kind;
import io.understudy.cli.demo.TrafficHistory.Reply;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Says whether a service that may have failed over behaved as one that never failed.
 *
 * <p>A counter that was 0 before and is F at the end has given each of the values 1 to F to exactly
 * one increment. So an acknowledged value above F, or one acknowledged twice, is an increment that
 * was forgotten (<em>lost</em>); a value up to F that nobody was told is one that was executed
 * without having been asked for (<em>duplicated</em>), unless a request was left without a reply.
 * Counting replies alone would not do: one lost and one duplicated increment add up.
 *
 * <p>In addition, the replies of one connection must rise, a request sent after another's reply
 * must not get a smaller value, a GET must return the client's last acknowledged SET, and no
 * connection may fail. Pure functions; times are nanoseconds of one monotonic clock.
 */
public final class HistoryChecker {
  private static final int VIOLATIONS_KEPT = 20;

  private final TrafficHistory history;
  private final List<String> violations = new ArrayList<>();
  private long violationCount;
  private long lost;
  private long duplicated;

  private HistoryChecker(TrafficHistory history) {
    this.history = history;
  }

  /**
   * What was found.
   *
   * @param acknowledged requests that were answered
   * @param lost acknowledged writes whose effect is not there
   * @param duplicated effects that nobody asked for
   * @param longestPauseNanos longest time that a client waited between two replies
   * @param violationCount how often the history contradicts a service that never failed
   * @param violations the first of those, as text
   */
  public record Result(
      long acknowledged,
      long lost,
      long duplicated,
      long longestPauseNanos,
      long violationCount,
      List<String> violations) {
    /** Copies the list. */
    public Result {
      violations = List.copyOf(violations);
    }

    /** Whether nothing was wrong, and something was answered at all. */
    public boolean isClean() {
      return violationCount == 0 && lost == 0 && duplicated == 0 && acknowledged > 0;
    }
  }

  /** Checks a history. */
  public static Result check(TrafficHistory history) {
    return new HistoryChecker(history).run();
  }

  /**
   * How long after {@code sinceNanos} the clients were served again: the end of the longest stretch
   * in which no client got a reply. What was on its way at that moment may still arrive, so the
   * first reply afterwards is not the answer.
   */
  static long outageNanos(TrafficHistory history, long sinceNanos) {
    long[] received =
        history.clients().stream()
            .flatMap(client -> client.replies().stream())
            .mapToLong(reply -> reply.receivedNanos() - sinceNanos)
            .filter(after -> after > 0)
            .sorted()
            .toArray();
    long end = 0;
    long longest = -1;
    long before = 0;
    for (long after : received) {
      if (after - before > longest) {
        longest = after - before;
        end = after;
      }
      before = after;
    }
    return end;
  }

  private Result run() {
    history.clients().forEach(this::checkClient);
    history.finalCounters().forEach(this::checkCounter);
    return new Result(
        history.acknowledged(), lost, duplicated, longestPause(), violationCount, violations);
  }

  private void checkClient(Client client) {
    client.failure().ifPresent(failure -> violation("client " + client.number() + ": " + failure));
    Map<String, Long> counted = new HashMap<>();
    Map<String, String> stored = new HashMap<>();
    for (Reply reply : client.replies()) {
      String key = reply.request().key();
      switch (reply.request().kind()) {
        case INCR -> {
          Long before = counted.put(key, Long.parseLong(reply.value()));
          if (before != null && Long.parseLong(reply.value()) <= before) {
            violation(
                "reply does not rise: client="
                    + client.number()
                    + " key="
                    + key
                    + " before="
                    + before
                    + " reply="
                    + reply.value());
          }
        }
        case SET -> stored.put(key, reply.request().value());
        case GET -> checkStored(key, stored.get(key), reply.value(), "GET");
      }
    }
    boolean maybeStored =
        client.unanswered().filter(request -> request.kind() == Kind.SET).isPresent();
    if (!maybeStored) {
      stored.forEach(
          (key, value) ->
              checkStored(key, value, history.finalValues().getOrDefault(key, ""), "final GET"));
    }
  }

  private void checkStored(String key, String expected, String actual, String what) {
    if (expected != null && !expected.equals(actual)) {
      lost++;
      violation(
          what
              + " does not return the last acknowledged value: key="
              + key
              + " expected="
              + expected
              + " actual="
              + actual);
    }
  }

  private void checkCounter(String key, long total) {
    List<Reply> replies =
        history.clients().stream()
            .flatMap(client -> client.replies().stream())
            .filter(reply -> isIncrementOf(key, reply.request()))
            .sorted(Comparator.comparingLong(reply -> Long.parseLong(reply.value())))
            .toList();
    Set<Long> told = new HashSet<>();
    for (Reply reply : replies) {
      long value = Long.parseLong(reply.value());
      if (!told.add(value) || value < 1 || value > total) {
        lost++;
        violation(
            "acknowledged increment is not there: key="
                + key
                + " reply="
                + value
                + " final="
                + total);
      }
    }
    long unanswered =
        history.clients().stream()
            .map(Client::unanswered)
            .flatMap(Optional::stream)
            .filter(request -> isIncrementOf(key, request))
            .count();
    long untold = total - told.stream().filter(value -> value >= 1 && value <= total).count();
    if (untold > unanswered) {
      duplicated += untold - unanswered;
      violation(
          "counter counted more than was asked for: key="
              + key
              + " final="
              + total
              + " acknowledged="
              + told.size()
              + " unanswered="
              + unanswered);
    }
    checkOrder(key, replies);
  }

  /** Whoever asks after another was told a value must be told a larger one. */
  private void checkOrder(String key, List<Reply> rising) {
    Reply earliest = null;
    for (int i = rising.size() - 1; i >= 0; i--) {
      Reply reply = rising.get(i);
      if (earliest != null && earliest.receivedNanos() - reply.request().sentNanos() < 0) {
        violation(
            "a later request got a smaller value: key="
                + key
                + " earlier="
                + earliest.value()
                + " later="
                + reply.value());
      }
      if (earliest == null || reply.receivedNanos() - earliest.receivedNanos() < 0) {
        earliest = reply;
      }
    }
  }

  private long longestPause() {
    long longest = 0;
    for (Client client : history.clients()) {
      List<Reply> replies = client.replies();
      for (int i = 1; i < replies.size(); i++) {
        long pause = replies.get(i).receivedNanos() - replies.get(i - 1).receivedNanos();
        longest = Math.max(longest, pause);
      }
    }
    return longest;
  }

  private static boolean isIncrementOf(String key, TrafficHistory.Request request) {
    return request.kind() == Kind.INCR && request.key().equals(key);
  }

  private void violation(String text) {
    violationCount++;
    if (violations.size() < VIOLATIONS_KEPT) {
      violations.add(text);
    }
  }
}
