package io.understudy.cli;

import io.understudy.failover.node.RetentionSettings;
import java.time.Duration;
import picocli.CommandLine.Option;

/** How much of its log a leader keeps. */
final class RetentionOptions {
  private static final Duration LEAST_AGE = Duration.ofSeconds(10);
  private static final long LEAST_BYTES = 1 << 20;

  @Option(
      names = "--retain",
      defaultValue = "off",
      paramLabel = "TIME|off",
      description =
          "As a leader, delete events that are older, up to a snapshot that was taken and verified"
              + " for that. At least 10s; off keeps everything.",
      converter = Converters.ToDurationOrOff.class)
  private Duration age;

  @Option(
      names = "--retain-bytes",
      defaultValue = "off",
      paramLabel = "SIZE|off",
      description =
          "The same where the log is larger, as 512MiB or 20GiB, before compression. At least"
              + " 1MiB; with both the shorter log counts.",
      converter = Converters.ToSizeOrOff.class)
  private long bytes;

  RetentionSettings settings() {
    if (!age.isZero() && age.compareTo(LEAST_AGE) < 0) {
      throw new IllegalArgumentException("--retain must be at least 10s, or off, is " + age);
    }
    if (bytes != 0 && bytes < LEAST_BYTES) {
      throw new IllegalArgumentException(
          "--retain-bytes must be at least 1MiB, or off, is " + bytes + " bytes");
    }
    return new RetentionSettings(age, bytes);
  }
}
