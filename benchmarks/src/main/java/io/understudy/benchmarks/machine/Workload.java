package io.understudy.benchmarks.machine;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Requests to the ledger guest in stream mode, the same bytes every time, and the replies that
 * there must be. Immutable.
 *
 * <p>Keys take turns, every third request is a SET, a GET and an INCR. A first part, the warm-up,
 * is not measured: it takes the guest through its boot.
 */
final class Workload {
  private static final int KEYS = 64;
  private static final int VALUE_BYTES = 32;

  private final List<byte[]> requests = new ArrayList<>();
  private final long[] replyEnds;
  private final int warmUp;
  private final int window;
  private final byte[] replies;

  /**
   * Makes requests.
   *
   * @param warmUp requests before the measured ones, at least 1
   * @param measured requests that are measured, at least 1
   * @param window how many may be unanswered at once, at least 1
   */
  Workload(int warmUp, int measured, int window) {
    if (warmUp < 1 || measured < 1 || window < 1) {
      throw new IllegalArgumentException(
          "warmUp, measured and window must be at least 1: warmUp="
              + warmUp
              + " measured="
              + measured
              + " window="
              + window);
    }
    this.warmUp = warmUp;
    this.window = window;
    this.replyEnds = new long[warmUp + measured];
    ByteArrayOutputStream expected = new ByteArrayOutputStream();
    SortedMap<String, String> model = new TreeMap<>();
    for (int index = 0; index < replyEnds.length; index++) {
      expected.writeBytes(ascii(request(index, model)));
      replyEnds[index] = expected.size();
    }
    this.replies = expected.toByteArray();
  }

  /** Adds the request and returns its reply. */
  private String request(int index, SortedMap<String, String> model) {
    int key = index / 3 % KEYS;
    switch (index % 3) {
      case 0 -> {
        String value = String.format("%0" + VALUE_BYTES + "d", index);
        requests.add(command("SET", "key" + key, value));
        model.put("key" + key, value);
        return "+OK\r\n";
      }
      case 1 -> {
        requests.add(command("GET", "key" + key));
        String value = model.get("key" + key);
        return "$" + value.length() + "\r\n" + value + "\r\n";
      }
      default -> {
        requests.add(command("INCR", "count" + key));
        String count = Long.toString(Long.parseLong(model.getOrDefault("count" + key, "0")) + 1);
        model.put("count" + key, count);
        return ":" + count + "\r\n";
      }
    }
  }

  private static byte[] command(String... words) {
    StringBuilder text = new StringBuilder("*" + words.length + "\r\n");
    for (String word : words) {
      text.append('$').append(word.length()).append("\r\n").append(word).append("\r\n");
    }
    return ascii(text.toString());
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  /** All requests, warm-up included. */
  int count() {
    return requests.size();
  }

  /** Requests that are measured. */
  int measured() {
    return count() - warmUp;
  }

  /** How many may be unanswered at once. */
  int window() {
    return window;
  }

  /**
   * Whether the next request may be sent: there is one, the window has room, and the measurement
   * begins with nothing left of the warm-up.
   *
   * @param sent requests sent so far
   * @param answered requests answered so far
   */
  boolean mayAsk(int sent, int answered) {
    boolean isOpen = sent < warmUp || answered >= warmUp;
    return sent < count() && sent - answered < window && isOpen;
  }

  /** One request. */
  byte[] request(int index) {
    return requests.get(index).clone();
  }

  /** Bytes of all requests. */
  long inputBytes() {
    return requests.stream().mapToLong(request -> request.length).sum();
  }

  /** Output offset at which the measurement begins: the warm-up's last reply is complete. */
  long measuredFrom() {
    return replyEnds[warmUp - 1];
  }

  /** Output offset at which the last reply is complete. */
  long measuredTo() {
    return replies.length;
  }

  /** Output offset at which the reply to a request is complete. */
  long replyEnd(int index) {
    return replyEnds[index];
  }

  /** Everything that the guest must say. */
  byte[] replies() {
    return replies.clone();
  }
}
