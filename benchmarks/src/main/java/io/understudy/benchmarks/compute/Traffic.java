package io.understudy.benchmarks.compute;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Requests to the ledger guest in stream mode, drawn from a seed: some make it compute, the answers
 * of the others depend on what the interrupts did to it. One is pending at a time or several, by
 * the seed. Immutable.
 *
 * @param requests in this order
 * @param window how many may be unanswered at once
 */
record Traffic(List<Request> requests, int window) {
  private static final int MIXED = 8;
  private static final int WINDOW_MAX = 4;
  private static final int PAUSE_MILLIS_MAX = 30;

  /** Shortest computation that is asked for, milliseconds. */
  static final int BURN_MILLIS_MIN = 20;

  /**
   * One request.
   *
   * @param text what the guest gets
   * @param pauseMillis how long the client waits before it sends it
   * @param isMetered whether it is a computation that nothing else may disturb
   */
  record Request(String text, int pauseMillis, boolean isMetered) {
    /** As sent. */
    byte[] bytes() {
      return (text + "\r\n").getBytes(StandardCharsets.US_ASCII);
    }
  }

  /** Copies the list. */
  Traffic {
    requests = List.copyOf(requests);
  }

  /**
   * The traffic of a seed.
   *
   * @param maxMillis longest computation, not below {@link #BURN_MILLIS_MIN}
   */
  static Traffic of(long seed, int maxMillis) {
    // Unlike those of Random, its first numbers differ between neighbouring seeds.
    SplittableRandom random = new SplittableRandom(seed);
    int window = random.nextBoolean() ? 1 : 2 + random.nextInt(WINDOW_MAX - 1);
    List<Request> requests = new ArrayList<>();
    // Takes the guest through its boot.
    requests.add(new Request("INCR n", 0, false));
    requests.add(new Request("BURN " + maxMillis, 0, true));
    for (int index = 0; index < MIXED; index++) {
      String text =
          switch (random.nextInt(6)) {
            case 0 -> "RANDOM";
            case 1 -> "TIME";
            case 2 -> "INCR n";
            default -> "BURN " + burnMillis(random, maxMillis);
          };
      int pause = random.nextBoolean() ? random.nextInt(PAUSE_MILLIS_MAX) : 0;
      requests.add(new Request(text, pause, false));
    }
    requests.add(new Request("BURN " + maxMillis, 0, true));
    // Tells whether any interrupt came elsewhere.
    requests.add(new Request("RANDOM", 0, false));
    return new Traffic(requests, window);
  }

  private static int burnMillis(SplittableRandom random, int maxMillis) {
    return BURN_MILLIS_MIN + random.nextInt(maxMillis - BURN_MILLIS_MIN + 1);
  }
}
