package io.understudy.cli.demo;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What all clients asked and were told, and what the service holds at the end. Immutable.
 *
 * @param clients the clients, by number
 * @param finalCounters value of every counter, read after all clients had stopped
 * @param finalValues value of every other key, read likewise; a key without a value is missing
 */
public record TrafficHistory(
    List<Client> clients, Map<String, Long> finalCounters, Map<String, String> finalValues) {
  /** Copies the collections. */
  public TrafficHistory {
    clients = List.copyOf(clients);
    finalCounters = Map.copyOf(finalCounters);
    finalValues = Map.copyOf(finalValues);
  }

  /** What a client can ask for. */
  public enum Kind {
    /** Add one; the reply is the new value. */
    INCR,
    /** Store {@link Request#value}. */
    SET,
    /** Read; the reply is the value, empty text when there is none. */
    GET
  }

  /**
   * A request as it was sent.
   *
   * @param kind what was asked
   * @param key of which key
   * @param value the value of a SET, otherwise empty
   * @param sentNanos when, on the monotonic clock of this process
   */
  public record Request(Kind kind, String key, String value, long sentNanos) {}

  /**
   * A request and the reply to it.
   *
   * @param request the request
   * @param value the reply as text
   * @param receivedNanos when, on the same clock
   */
  public record Reply(Request request, String value, long receivedNanos) {}

  /**
   * One client with one connection.
   *
   * @param number from 0
   * @param replies in order
   * @param unanswered the request whose reply did not come, if the connection failed
   * @param failure how the connection failed
   */
  public record Client(
      int number, List<Reply> replies, Optional<Request> unanswered, Optional<String> failure) {
    /** Copies the list. */
    public Client {
      replies = List.copyOf(replies);
    }
  }

  /** Requests that were answered. */
  public long acknowledged() {
    return clients.stream().mapToLong(client -> client.replies().size()).sum();
  }
}
