package io.understudy.log;

import java.util.UUID;

/**
 * The log does not hold what a correct writer would have committed. Fatal: the reader stops for
 * good, it never skips.
 *
 * <p>The message names vm, run, partition, offset, epoch, sequence, expected and actual.
 */
public final class LogCorruptException extends LogException {
  private static final long serialVersionUID = 1L;

  LogCorruptException(Place place, String what, Object expected, Object actual, Throwable cause) {
    super(
        "event log is corrupt: "
            + what
            + ": "
            + place
            + " expected="
            + expected
            + " actual="
            + actual,
        cause);
  }

  /**
   * Where in the log the reader is.
   *
   * @param epoch the epoch it expects
   * @param sequence the sequence it expects
   */
  record Place(String vm, UUID run, int partition, long offset, long epoch, long sequence) {
    @Override
    public String toString() {
      return "vm="
          + vm
          + " run="
          + (run == null ? "unknown" : run)
          + " partition="
          + partition
          + " offset="
          + offset
          + " epoch="
          + epoch
          + " sequence="
          + sequence;
    }
  }
}
