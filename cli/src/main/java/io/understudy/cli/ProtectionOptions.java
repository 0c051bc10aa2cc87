package io.understudy.cli;

import io.understudy.failover.node.ProtectionSettings;
import java.time.Duration;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** What a primary does for its standbys, and without one. */
final class ProtectionOptions {
  /** What happens to a guest that no standby follows. */
  private enum Unprotected {
    /** It goes on. */
    RUN,
    /** It stands still. */
    STOP
  }

  @Option(
      names = "--max-lag",
      defaultValue = "2s",
      paramLabel = "TIME|off",
      description =
          "How far the nearest standby may trail, as running time of the guest; the guest is slowed"
              + " so that it stays below.",
      converter = Converters.ToDurationOrOff.class)
  private Duration maxLag;

  @Option(
      names = "--max-lag-epochs",
      defaultValue = "off",
      paramLabel = "N|off",
      description = "The same in epochs.",
      converter = Converters.ToCountOrOff.class)
  private long maxLagEpochs;

  @Option(
      names = "--standby-timeout",
      defaultValue = "2s",
      paramLabel = "TIME",
      description = "A standby that is silent for longer does not count.",
      converter = Converters.ToDuration.class)
  private Duration standbyTimeout;

  @Option(
      names = "--unprotected",
      defaultValue = "run",
      paramLabel = "run|stop",
      description =
          "Whether the guest goes on without a standby, or stands still until one follows.",
      converter = ToUnprotected.class)
  private Unprotected unprotected;

  @Option(
      names = "--unprotected-grace",
      defaultValue = "30s",
      paramLabel = "TIME",
      description = "With stop: how long a new leader's guest runs without a standby even so.",
      converter = Converters.ToDuration.class)
  private Duration grace;

  /** {@code run} or {@code stop}. */
  static final class ToUnprotected implements ITypeConverter<Unprotected> {
    @Override
    public Unprotected convert(String text) {
      if (!text.equals("run") && !text.equals("stop")) {
        throw new TypeConversionException("expected run or stop, is '" + text + "'");
      }
      return text.equals("stop") ? Unprotected.STOP : Unprotected.RUN;
    }
  }

  /**
   * Refuses what cannot work.
   *
   * @param heartbeatInterval how often standbys say that they live
   */
  void check(Duration heartbeatInterval) {
    Limits.within("--max-lag", maxLag, Duration.ZERO, Limits.HOUR);
    Limits.within(
        "--standby-timeout", standbyTimeout, heartbeatInterval.multipliedBy(2), Limits.HOUR);
    Limits.within("--unprotected-grace", grace, Duration.ZERO, Limits.MONTH);
  }

  ProtectionSettings settings() {
    return new ProtectionSettings(
        maxLag, maxLagEpochs, standbyTimeout, unprotected == Unprotected.STOP, grace);
  }
}
