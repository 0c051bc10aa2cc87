package io.understudy.capture.snapshot;

/**
 * What a snapshot of a running machine may cost.
 *
 * @param bytesPerSecond how fast pages are copied while the guest runs, at least 1
 * @param finalPages with at most so many pages left the guest is stopped for them, from 0
 * @param maxRounds after so many rounds the guest is stopped for whatever is left, at least 1
 * @param mostCutPages with more pages left the snapshot is given up instead: they are copied to the
 *     heap while the guest stands still; at least {@code finalPages}
 */
public record CloneSettings(long bytesPerSecond, int finalPages, int maxRounds, int mostCutPages) {
  /** What a primary uses if nothing else is said. */
  public static final CloneSettings DEFAULT = new CloneSettings(64L << 20, 256, 12, 16_384);

  /** Refuses what cannot work. */
  public CloneSettings {
    if (bytesPerSecond < 1 || finalPages < 0 || maxRounds < 1 || mostCutPages < finalPages) {
      throw new IllegalArgumentException(
          "bytesPerSecond and maxRounds must be positive, finalPages not negative, mostCutPages not"
              + " below finalPages: bytesPerSecond="
              + bytesPerSecond
              + " finalPages="
              + finalPages
              + " maxRounds="
              + maxRounds
              + " mostCutPages="
              + mostCutPages);
    }
  }
}
