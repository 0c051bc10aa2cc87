package io.understudy.systemtests.faults;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Says whether a history could be that of one copy of the data: whether each operation can be given
 * a moment between its request and its reply so that, executed at these moments, all replies are
 * what they were.
 *
 * <p>The algorithm is Wing and Gong's search ("Testing and Verifying Concurrent Objects", 1993)
 * with Lowe's memory of what was tried ("Testing for Linearizability", 2017): of the operations
 * whose request was before the first outstanding reply one is executed, then the rest is tried; a
 * combination of executed operations and value that failed before is not tried again. Keys are
 * independent of each other, so each is judged alone (linearizability is local). An operation
 * without a reply is one whose reply never comes: it may be executed late, behind everything that
 * anybody saw, which is the same as never.
 *
 * <p>Pure functions.
 */
final class LinearizabilityChecker {
  private final List<Operation> operations;
  private final Set<Configuration> tried = new HashSet<>();

  /** What has been executed, and the value that came of it. */
  private record Configuration(BitSet executed, String value) {}

  /** One choice of the search. */
  private record Choice(int index, String valueBefore) {}

  private LinearizabilityChecker(List<Operation> operations) {
    this.operations = operations;
  }

  /**
   * Judges a history in which no key had a value before.
   *
   * @return for each key that is wrong, what is wrong
   */
  static List<String> check(List<Operation> history) {
    Map<String, List<Operation>> byKey = new TreeMap<>();
    for (Operation operation : history) {
      byKey.computeIfAbsent(operation.key(), key -> new ArrayList<>()).add(operation);
    }
    List<String> violations = new ArrayList<>();
    byKey.forEach(
        (key, operations) -> {
          operations.sort(Comparator.comparingLong(Operation::sentNanos));
          new LinearizabilityChecker(operations)
              .impossible()
              .ifPresent(
                  operation ->
                      violations.add(
                          "not linearizable: key="
                              + key
                              + " operations="
                              + operations.size()
                              + " unanswered="
                              + operations.stream().filter(each -> !each.isAnswered()).count()
                              + " fits nowhere: "
                              + operation));
        });
    return violations;
  }

  /** Of the search that came farthest, the answered operation that it could not get past. */
  private Optional<Operation> impossible() {
    int answered = (int) operations.stream().filter(Operation::isAnswered).count();
    BitSet executed = new BitSet(operations.size());
    Deque<Choice> choices = new ArrayDeque<>();
    String value = "";
    int executedAnswers = 0;
    int farthest = -1;
    Operation obstacle = null;
    int from = 0;
    while (executedAnswers < answered) {
      Choice choice = choose(executed, value, from);
      if (choice != null) {
        choices.push(choice);
        executed.set(choice.index());
        Operation operation = operations.get(choice.index());
        executedAnswers += operation.isAnswered() ? 1 : 0;
        value = operation.applyTo(value);
        from = executed.nextClearBit(0);
        continue;
      }
      if (executedAnswers > farthest) {
        farthest = executedAnswers;
        obstacle = firstOutstandingReply(executed);
      }
      if (choices.isEmpty()) {
        return Optional.of(obstacle);
      }
      Choice last = choices.pop();
      executed.clear(last.index());
      executedAnswers -= operations.get(last.index()).isAnswered() ? 1 : 0;
      value = last.valueBefore();
      from = last.index() + 1;
    }
    return Optional.empty();
  }

  /** The next operation, from {@code from} on, that may be executed now and leads to new ground. */
  private Choice choose(BitSet executed, String value, int from) {
    long bound = firstOutstandingReply(executed).doneNanos();
    for (int index = executed.nextClearBit(from);
        index < operations.size() && operations.get(index).sentNanos() <= bound;
        index = executed.nextClearBit(index + 1)) {
      String next = operations.get(index).applyTo(value);
      if (next != null) {
        BitSet then = (BitSet) executed.clone();
        then.set(index);
        if (tried.add(new Configuration(then, next))) {
          return new Choice(index, value);
        }
      }
    }
    return null;
  }

  private Operation firstOutstandingReply(BitSet executed) {
    Operation first = null;
    for (int index = executed.nextClearBit(0);
        index < operations.size()
            && (first == null || operations.get(index).sentNanos() <= first.doneNanos());
        index = executed.nextClearBit(index + 1)) {
      Operation operation = operations.get(index);
      if (first == null || operation.doneNanos() < first.doneNanos()) {
        first = operation;
      }
    }
    return first;
  }
}
