package io.understudy.capture.console;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Objects;

/**
 * Settings of a {@link ConsoleServer}.
 *
 * @param vm id of the VM, 1 to 64 ASCII characters
 * @param listen where to listen for fronts; port 0 takes a free one
 * @param pingInterval how often each front is asked whether it is there
 * @param silenceTimeout how long a front may be silent; more than two ping intervals, so that one
 *     late answer is not taken for a dead front
 */
public record ConsoleSettings(
    String vm, InetSocketAddress listen, Duration pingInterval, Duration silenceTimeout) {
  public static final Duration PING_INTERVAL_DEFAULT = Duration.ofMillis(200);
  public static final Duration SILENCE_TIMEOUT_DEFAULT = Duration.ofSeconds(2);

  public ConsoleSettings {
    Objects.requireNonNull(vm, "vm");
    Objects.requireNonNull(listen, "listen");
    if (pingInterval.toMillis() < 1 || silenceTimeout.compareTo(pingInterval.multipliedBy(2)) < 0) {
      throw new IllegalArgumentException(
          "silenceTimeout must be at least two ping intervals of at least 1 ms: pingInterval="
              + pingInterval
              + " silenceTimeout="
              + silenceTimeout);
    }
  }

  /** Settings with the default times. */
  public static ConsoleSettings of(String vm, InetSocketAddress listen) {
    return new ConsoleSettings(vm, listen, PING_INTERVAL_DEFAULT, SILENCE_TIMEOUT_DEFAULT);
  }
}
