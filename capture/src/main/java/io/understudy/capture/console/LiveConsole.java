package io.understudy.capture.console;

import java.util.Objects;
import java.util.UUID;

/**
 * What a node knows at the moment its guest goes live.
 *
 * @param run the run that the offsets belong to
 * @param term the node's leadership, as written in its {@code TermStarted}
 * @param inputOffset end of the committed input: the next offset the guest needs
 * @param outputOffset end of the committed output: everything below may be handed out at once
 * @param sink takes the input
 */
public record LiveConsole(
    UUID run, long term, long inputOffset, long outputOffset, InputSink sink) {
  public LiveConsole {
    Objects.requireNonNull(run, "run");
    Objects.requireNonNull(sink, "sink");
    if (term < 0 || inputOffset < 0 || outputOffset < 0) {
      throw new IllegalArgumentException(
          "term and offsets are not negative: term="
              + term
              + " inputOffset="
              + inputOffset
              + " outputOffset="
              + outputOffset);
    }
  }
}
