package io.understudy.failover.front;

import io.understudy.capture.console.LinkFrame;
import java.util.Arrays;

/**
 * The two byte streams of a console as the front knows them, across all nodes.
 *
 * <p>Its rules make takeovers exact: a node may serve only if nothing is missing between what it
 * holds and what the front has. A front that has just started knows nothing and takes over the
 * node's offsets until a commit has proved that they are those of the run (a node that was fenced
 * unnoticed has offsets, but can commit nothing); from then on a contradiction is fatal. In
 * channels mode the proof is the guest's answer to SYNC, in stream mode the first acknowledgement
 * and the first output.
 *
 * <p>Owned by the front's thread. Offsets are bytes from the start of the run.
 */
final class FrontStreams {
  private static final byte[] NOTHING = {};

  private final InputQueue input = new InputQueue();
  private final ConsoleMode mode;
  private long outputNext;
  private long duplicateOutputBytes;
  private boolean isInputEstablished;
  private boolean isOutputEstablished;

  FrontStreams(ConsoleMode mode) {
    this.mode = mode;
  }

  InputQueue input() {
    return input;
  }

  /** First output offset that has not been received. */
  long outputNext() {
    return outputNext;
  }

  long duplicateOutputBytes() {
    return duplicateOutputBytes;
  }

  /** True if both offsets are proved to be those of the run. */
  boolean isEstablished() {
    return isInputEstablished && isOutputEstablished;
  }

  /** The guest has answered: both offsets are proved. */
  void establish() {
    isInputEstablished = true;
    isOutputEstablished = true;
  }

  /**
   * Prepares for service by the node that said {@code hello}. May be repeated: an ATTACH that
   * follows can be refused.
   *
   * @throws InconsistentConsoleException if something would be lost or repeated
   */
  void meet(LinkFrame.Hello hello) {
    if (!isOutputEstablished) {
      outputNext = hello.outputStart();
    }
    if (!isInputEstablished) {
      adoptInput(hello);
    }
    requireConsistent(hello);
    input.acknowledge(Math.max(input.base(), hello.inputCommitted()));
    input.sendFrom(hello.inputNext());
  }

  /** The node has committed all input below {@code offset}. */
  void acknowledged(long offset) {
    if (offset < input.base()) {
      // Only possible while another front's uncommitted input precedes ours.
      return;
    }
    input.acknowledge(offset);
    if (mode == ConsoleMode.STREAM) {
      isInputEstablished = true;
    }
  }

  /** The part of {@code frame} that is new, empty if there is none. */
  byte[] receive(LinkFrame.Output frame) {
    if (frame.offset() > outputNext) {
      throw new InconsistentConsoleException(
          "output is missing: expected=" + outputNext + " offset=" + frame.offset());
    }
    if (mode == ConsoleMode.STREAM) {
      isOutputEstablished = true;
    }
    byte[] bytes = frame.bytes();
    int known = (int) Math.min(outputNext - frame.offset(), bytes.length);
    duplicateOutputBytes += known;
    outputNext += bytes.length - known;
    if (known == 0) {
      return bytes;
    }
    return known == bytes.length ? NOTHING : Arrays.copyOfRange(bytes, known, bytes.length);
  }

  private void adoptInput(LinkFrame.Hello hello) {
    if (mode == ConsoleMode.CHANNELS) {
      // All there can be is an unanswered SYNC, and another one will be sent.
      input.clear(hello.inputNext());
    } else if (input.isUntouched() || !isKnown(hello.inputNext())) {
      input.moveTo(hello.inputNext());
    }
  }

  private boolean isKnown(long offset) {
    return offset >= input.base() && offset <= input.end() && input.isBoundary(offset);
  }

  private void requireConsistent(LinkFrame.Hello hello) {
    if (hello.outputStart() > outputNext || hello.outputReleased() < outputNext) {
      throw new InconsistentConsoleException(
          "the node does not hold the output that follows what clients have: needed="
              + outputNext
              + " outputStart="
              + hello.outputStart()
              + " outputReleased="
              + hello.outputReleased()
              + " term="
              + hello.term());
    }
    boolean lostCommits = isInputEstablished && hello.inputCommitted() < input.base();
    if (lostCommits || !isKnown(hello.inputNext())) {
      throw new InconsistentConsoleException(
          "the node's input is not the front's: inputBase="
              + input.base()
              + " inputEnd="
              + input.end()
              + " inputNext="
              + hello.inputNext()
              + " inputCommitted="
              + hello.inputCommitted()
              + " term="
              + hello.term());
    }
  }
}
