package io.understudy.replay;

import io.understudy.machine.StateDigest;
import java.util.ArrayList;
import java.util.List;

/**
 * The machine is not where the log says it was. A replica that goes on after this is no replica:
 * either a correct state is put in its place, or it ends.
 */
public final class ReplayDivergenceException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private static final long UNKNOWN = -1;

  private final long epoch;
  private final boolean atMark;
  private final String what;

  /** Says where, and what was expected and found there; nothing was replayed yet. */
  public ReplayDivergenceException(String message) {
    this(message, UNKNOWN, false, "");
  }

  /**
   * Found while replaying.
   *
   * @param epoch the epoch in which it was found; all before it were equal
   * @param atMark whether the machine stands at the epoch's mark
   * @param what differs, for people
   */
  ReplayDivergenceException(String message, long epoch, boolean atMark, String what) {
    super(message);
    this.epoch = epoch;
    this.atMark = atMark;
    this.what = what;
  }

  /** Whether it was found while replaying, so that something is known to be right before it. */
  boolean isWhileReplaying() {
    return epoch != UNKNOWN;
  }

  /** The first epoch that is not as recorded. */
  long epoch() {
    return epoch;
  }

  /** Whether the machine stands at that epoch's mark; otherwise somewhere before it. */
  boolean isAtMark() {
    return atMark;
  }

  /** What differs, for people. */
  String what() {
    return what;
  }

  /** Which parts of two digests differ. */
  static String parts(StateDigest expected, StateDigest actual) {
    List<String> parts = new ArrayList<>();
    if (expected.registers() != actual.registers()) {
      parts.add("registers");
    }
    if (expected.devices() != actual.devices()) {
      parts.add("devices");
    }
    if (expected.memory() != actual.memory()) {
      parts.add("memory");
    }
    return String.join("+", parts);
  }
}
