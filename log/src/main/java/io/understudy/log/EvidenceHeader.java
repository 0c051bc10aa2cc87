package io.understudy.log;

import static java.util.Objects.requireNonNull;

import io.understudy.schemas.VmId;
import java.util.UUID;

/**
 * What an evidence file says about itself before its first record. Immutable.
 *
 * @param program what wrote the file, printable ASCII, 1 to 100 characters
 * @param vm the virtual machine
 * @param run the run
 * @param partitions number of partitions of its event topic, 1 to {@link #MOST_PARTITIONS}
 * @param start what the first epoch of the file continues
 * @param last what the epoch behind the last one would continue
 */
record EvidenceHeader(
    String program, VmId vm, UUID run, int partitions, ChainState start, ChainEnd last) {
  /** More than any cluster lets a topic have in practice; each takes memory of a verifier. */
  static final int MOST_PARTITIONS = 10_000;

  private static final int LONGEST_PROGRAM = 100;

  /**
   * Where the history in a file ends. Immutable.
   *
   * @param epoch number of the last epoch
   * @param hash the chain's hash after it, 64 hexadecimal digits
   */
  record ChainEnd(long epoch, String hash) {}

  /** Refuses values outside the documented ranges with an {@link IllegalArgumentException}. */
  EvidenceHeader {
    requireNonNull(vm, "vm");
    requireNonNull(run, "run");
    requireNonNull(start, "start");
    requireNonNull(last, "last");
    if (!program.matches("[ -~]{1," + LONGEST_PROGRAM + "}")) {
      throw new IllegalArgumentException("program must be 1 to 100 printable ASCII characters");
    }
    if (partitions < 1 || partitions > MOST_PARTITIONS) {
      throw new IllegalArgumentException(
          "partitions must be 1 to " + MOST_PARTITIONS + ": partitions=" + partitions);
    }
    if (last.epoch() < start.nextEpoch()) {
      throw new IllegalArgumentException(
          "the last epoch must not be before the first: firstEpoch="
              + start.nextEpoch()
              + " lastEpoch="
              + last.epoch());
    }
  }
}
