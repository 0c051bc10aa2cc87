package io.understudy.failover.node;

import io.understudy.machine.GuestImage;
import java.util.Objects;

/**
 * A run that is to begin.
 *
 * @param guest name under which other hosts find the image
 * @param image the guest's program
 * @param memoryBytes size of its memory
 * @param commandLine handed to it
 * @param partitions over how many partitions its log is striped, at least 1
 * @param consoleMode how its console frames bytes: {@code channels} or {@code stream}
 */
public record NewRun(
    String guest,
    GuestImage image,
    long memoryBytes,
    String commandLine,
    int partitions,
    String consoleMode) {
  /** Refuses what cannot work. */
  public NewRun {
    Objects.requireNonNull(guest, "guest");
    Objects.requireNonNull(image, "image");
    Objects.requireNonNull(commandLine, "commandLine");
    if (partitions < 1) {
      throw new IllegalArgumentException("partitions must be at least 1, is " + partitions);
    }
    if (!consoleMode.equals("channels") && !consoleMode.equals("stream")) {
      throw new IllegalArgumentException(
          "console mode must be 'channels' or 'stream', is '" + consoleMode + "'");
    }
  }
}
