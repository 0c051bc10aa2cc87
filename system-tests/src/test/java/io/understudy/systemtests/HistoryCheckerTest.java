package io.understudy.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.cli.demo.HistoryChecker;
import io.understudy.cli.demo.TrafficHistory;
import io.understudy.cli.demo.TrafficHistory.Client;
import io.understudy.cli.demo.TrafficHistory.Kind;
import io.understudy.cli.demo.TrafficHistory.Reply;
import io.understudy.cli.demo.TrafficHistory.Request;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The judge of the system tests must find what it is there to find. */
class HistoryCheckerTest {
  private static final String COUNTER = "counter";

  @Test
  void isClean_whenEveryIncrementCountedOnce() {
    HistoryChecker.Result result = check(2, client(0, incr(1, 0, 10)), client(1, incr(2, 5, 12)));

    assertThat(result.isClean()).isTrue();
    assertThat(result.acknowledged()).isEqualTo(2);
  }

  @Test
  void findsLostIncrement_whenValueIsGivenTwice() {
    // One lost and one executed again: the total alone looks right.
    HistoryChecker.Result result =
        check(2, client(0, incr(1, 0, 10), incr(2, 20, 30)), client(1, incr(2, 40, 50)));

    assertThat(result.lost()).isEqualTo(1);
    assertThat(result.isClean()).isFalse();
  }

  @Test
  void findsLostIncrement_whenFinalValueIsTooSmall() {
    HistoryChecker.Result result = check(1, client(0, incr(1, 0, 10), incr(2, 20, 30)));

    assertThat(result.lost()).isEqualTo(1);
    assertThat(result.isClean()).isFalse();
  }

  @Test
  void findsDuplicate_whenNobodyWasToldOfAnIncrement() {
    HistoryChecker.Result result = check(3, client(0, incr(1, 0, 10), incr(3, 20, 30)));

    assertThat(result.duplicated()).isEqualTo(1);
    assertThat(result.isClean()).isFalse();
  }

  @Test
  void forgivesOneIncrement_whenOneWasLeftUnanswered() {
    Client cut =
        new Client(
            0,
            List.of(incr(1, 0, 10)),
            Optional.of(new Request(Kind.INCR, COUNTER, "", 20)),
            Optional.of("connection reset"));

    HistoryChecker.Result result = check(2, cut);

    assertThat(result.duplicated()).isZero();
    assertThat(result.isClean()).as("a lost connection is a violation").isFalse();
  }

  @Test
  void findsStaleReply_whenLaterRequestGotSmallerValue() {
    HistoryChecker.Result result = check(2, client(0, incr(2, 0, 10)), client(1, incr(1, 20, 30)));

    assertThat(result.lost()).isZero();
    assertThat(result.violationCount()).isEqualTo(1);
  }

  @Test
  void findsLostValue_whenGetReturnsAnOlderOne() {
    HistoryChecker.Result result =
        check(
            0,
            client(
                0,
                reply(Kind.SET, "key", "new", "", 0, 10),
                reply(Kind.GET, "key", "", "old", 20, 30)));

    assertThat(result.lost()).as("once for the GET, once for the final value").isEqualTo(2);
  }

  @Test
  void measuresLongestPauseOfOneClient() {
    HistoryChecker.Result result =
        check(3, client(0, incr(1, 0, 10), incr(3, 20, 500)), client(1, incr(2, 15, 25)));

    assertThat(result.longestPauseNanos()).isEqualTo(490);
  }

  private static HistoryChecker.Result check(long total, Client... clients) {
    return HistoryChecker.check(
        new TrafficHistory(List.of(clients), Map.of(COUNTER, total), Map.of()));
  }

  private static Client client(int number, Reply... replies) {
    return new Client(number, List.of(replies), Optional.empty(), Optional.empty());
  }

  private static Reply incr(long value, long sentNanos, long receivedNanos) {
    return reply(Kind.INCR, COUNTER, "", Long.toString(value), sentNanos, receivedNanos);
  }

  private static Reply reply(
      Kind kind, String key, String value, String reply, long sentNanos, long receivedNanos) {
    return new Reply(new Request(kind, key, value, sentNanos), reply, receivedNanos);
  }
}
