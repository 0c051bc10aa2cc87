package io.understudy.systemtests.faults;

/**
 * One request of a client and what became of it. Immutable.
 *
 * @param client number of the client
 * @param kind what was asked
 * @param key of which key
 * @param argument value of a SET, else empty
 * @param sentNanos when it was sent, on the monotonic clock of this process
 * @param doneNanos when the reply was there; {@link #UNKNOWN} if none came: the request may have
 *     been executed, at any time since, or never
 * @param reply the reply as text; of a GET without value, and of no reply, empty
 */
record Operation(
    int client,
    Kind kind,
    String key,
    String argument,
    long sentNanos,
    long doneNanos,
    String reply) {
  /** No reply came. */
  static final long UNKNOWN = Long.MAX_VALUE;

  /** What can be asked. */
  enum Kind {
    /** Add one; the reply is the new value. */
    INCR,
    /** Store the argument. */
    SET,
    /** Read; the reply is the value. */
    GET
  }

  /** Whether a reply came. */
  boolean isAnswered() {
    return doneNanos != UNKNOWN;
  }

  /**
   * The value after this operation, if it is possible with {@code value} before it.
   *
   * @param value the key's value, empty when it has none
   * @return null if the reply cannot be
   */
  String applyTo(String value) {
    return switch (kind) {
      case SET -> argument;
      case GET -> !isAnswered() || reply.equals(value) ? value : null;
      case INCR -> {
        String next = Long.toString((value.isEmpty() ? 0 : Long.parseLong(value)) + 1);
        yield !isAnswered() || reply.equals(next) ? next : null;
      }
    };
  }
}
