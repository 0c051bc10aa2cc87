package io.understudy.systemtests.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.systemtests.faults.Operation.Kind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The judge must find what it is there to find, and nothing else. */
class LinearizabilityCheckerTest {
  private static final int HISTORIES = 200;
  private static final int CLIENTS = 4;
  private static final int OPERATIONS = 120;

  @Test
  void accepts_whenConcurrentRequestsTookEffectInAnyOrder() {
    assertThat(check(set("a", 0, 100), set("b", 10, 90), get("a", 110, 120))).isEmpty();
    assertThat(check(set("a", 0, 100), set("b", 10, 90), get("b", 110, 120))).isEmpty();
    assertThat(check(set("a", 0, 100), get("", 10, 20), get("a", 30, 40))).isEmpty();
  }

  @Test
  void finds_whenAnAcknowledgedWriteIsLost() {
    assertThat(check(set("a", 0, 10), get("", 20, 30))).hasSize(1);
    assertThat(check(incr("1", 0, 10), incr("1", 20, 30))).hasSize(1);
  }

  @Test
  void finds_whenAnIncrementCountedTwice() {
    assertThat(check(incr("1", 0, 10), incr("3", 20, 30))).hasSize(1);
  }

  @Test
  void finds_whenAReadIsStale() {
    assertThat(check(set("a", 0, 10), set("b", 20, 30), get("a", 40, 50))).hasSize(1);
  }

  @Test
  void finds_whenTwoReadsContradictEachOther() {
    assertThat(check(set("a", 0, 10), set("b", 20, 90), get("b", 30, 40), get("a", 50, 60)))
        .hasSize(1);
  }

  @Test
  void finds_whenAReplyIsFromTheFuture() {
    assertThat(check(get("a", 0, 10), set("a", 20, 30))).hasSize(1);
  }

  @Test
  void acceptsBoth_whenARequestWasNotAnswered() {
    Operation open = new Operation(0, Kind.SET, "key", "b", 20, Operation.UNKNOWN, "");

    assertThat(check(set("a", 0, 10), open, get("a", 40, 50))).as("never executed").isEmpty();
    assertThat(check(set("a", 0, 10), open, get("b", 40, 50))).as("executed").isEmpty();
    assertThat(check(set("a", 0, 10), open, get("a", 40, 50), get("b", 60, 70)))
        .as("executed late")
        .isEmpty();
    assertThat(check(set("a", 0, 10), open, get("b", 40, 50), get("a", 60, 70)))
        .as("executed and undone")
        .hasSize(1);
  }

  @Test
  void countsAnUnansweredIncrementOnceAtMost() {
    Operation open = new Operation(0, Kind.INCR, "key", "", 20, Operation.UNKNOWN, "");

    assertThat(check(incr("1", 0, 10), open, incr("3", 40, 50))).isEmpty();
    assertThat(check(incr("1", 0, 10), open, incr("4", 40, 50))).hasSize(1);
  }

  @Test
  void judgesKeysAlone() {
    Operation other = new Operation(1, Kind.GET, "other", "", 20, 30, "");

    assertThat(check(set("a", 0, 10), other)).isEmpty();
  }

  /** Histories of a store that is right, and the same with one reply that is not. */
  @Test
  void acceptsRightHistoriesAndFindsOneWrongReply() {
    for (int seed = 0; seed < HISTORIES; seed++) {
      Random random = new Random(seed);
      List<Operation> history = history(random);
      assertThat(LinearizabilityChecker.check(history)).as("seed=%d", seed).isEmpty();

      int wrong = random.nextInt(history.size());
      while (!isToldTwice(history, history.get(wrong))) {
        wrong = (wrong + 1) % history.size();
      }
      history.set(wrong, altered(history.get(wrong)));
      assertThat(LinearizabilityChecker.check(history)).as("altered, seed=%d", seed).isNotEmpty();
    }
  }

  /** Whether the altered reply is one that somebody else got: another may be possible. */
  private static boolean isToldTwice(List<Operation> history, Operation operation) {
    return operation.kind() == Kind.INCR
        && operation.isAnswered()
        && history.stream()
            .filter(other -> other.kind() == Kind.INCR && other.isAnswered())
            .filter(other -> other.key().equals(operation.key()))
            .anyMatch(other -> other.reply().equals(altered(operation).reply()));
  }

  /** The same operation with a reply that a store that forgot one increment would give. */
  static Operation altered(Operation operation) {
    return new Operation(
        operation.client(),
        operation.kind(),
        operation.key(),
        operation.argument(),
        operation.sentNanos(),
        operation.doneNanos(),
        Long.toString(Long.parseLong(operation.reply()) - 1));
  }

  /** Each request takes effect at a moment between its sending and its reply. */
  private static List<Operation> history(Random random) {
    List<Operation> history = new ArrayList<>();
    Map<String, String> store = new HashMap<>();
    long[] free = new long[CLIENTS];
    long effect = 0;
    for (int number = 0; number < OPERATIONS; number++) {
      int client = random.nextInt(CLIENTS);
      effect = Math.max(effect, free[client]) + 10;
      long sent = Math.max(free[client], effect - random.nextInt(300)) + 1;
      long done = effect + 1 + random.nextInt(300);
      free[client] = done;
      boolean counts = random.nextBoolean();
      String key = (counts ? "counter" : "register") + random.nextInt(2);
      Kind kind = random.nextInt(3) == 0 ? Kind.GET : counts ? Kind.INCR : Kind.SET;
      Operation asked =
          new Operation(client, kind, key, "value" + number, sent, Operation.UNKNOWN, "");
      boolean answered = random.nextInt(20) > 0;
      String before = store.getOrDefault(key, "");
      if (answered || random.nextBoolean()) {
        store.put(key, asked.applyTo(before));
      }
      String reply =
          switch (kind) {
            case SET -> "OK";
            case GET -> before;
            case INCR -> store.getOrDefault(key, "");
          };
      history.add(
          answered ? new Operation(client, kind, key, asked.argument(), sent, done, reply) : asked);
    }
    return history;
  }

  private static List<String> check(Operation... operations) {
    return LinearizabilityChecker.check(List.of(operations));
  }

  private static Operation set(String value, long sent, long done) {
    return new Operation(0, Kind.SET, "key", value, sent, done, "OK");
  }

  private static Operation get(String reply, long sent, long done) {
    return new Operation(1, Kind.GET, "key", "", sent, done, reply);
  }

  private static Operation incr(String reply, long sent, long done) {
    return new Operation(2, Kind.INCR, "key", "", sent, done, reply);
  }
}
