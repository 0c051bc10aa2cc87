package io.understudy.failover.front;

import io.understudy.capture.console.LinkFrame;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;

/**
 * Settings of a {@link Front}.
 *
 * @param vm id of the VM
 * @param run the run to serve; nodes of another run are refused
 * @param mode how clients share the console
 * @param listen where clients connect; port 0 takes a free one
 * @param limits bounds
 * @param timing intervals and timeouts
 * @param tls the key with which it speaks TLS to clients; empty if it speaks plainly
 */
public record FrontSettings(
    String vm,
    UUID run,
    ConsoleMode mode,
    InetSocketAddress listen,
    Limits limits,
    Timing timing,
    Optional<FrontTls> tls) {
  public FrontSettings {
    Objects.requireNonNull(vm, "vm");
    Objects.requireNonNull(run, "run");
    Objects.requireNonNull(mode, "mode");
    Objects.requireNonNull(listen, "listen");
    Objects.requireNonNull(limits, "limits");
    Objects.requireNonNull(timing, "timing");
    Objects.requireNonNull(tls, "tls");
  }

  /** Settings with default limits and times. */
  public static FrontSettings of(String vm, UUID run, ConsoleMode mode, InetSocketAddress listen) {
    return new FrontSettings(
        vm, run, mode, listen, Limits.DEFAULT, Timing.DEFAULT, Optional.empty());
  }

  /** The same with TLS, or without. */
  FrontSettings with(Optional<FrontTls> key) {
    return new FrontSettings(vm, run, mode, listen, limits, timing, key);
  }

  /**
   * Bounds of a front.
   *
   * @param clients most clients in channels mode, 1 to 250
   * @param heldInputBytes input kept while it is not committed; above it clients are not read. Not
   *     below the link's window, which could never be filled otherwise
   * @param clientBufferBytes replies kept for a client that does not read; above it the client is
   *     disconnected
   * @param backlogBytes in stream mode: newest output kept for the next client while there is none
   */
  public record Limits(int clients, int heldInputBytes, int clientBufferBytes, int backlogBytes) {
    public static final Limits DEFAULT = new Limits(250, 1 << 20, 1 << 20, 64 << 10);

    public Limits {
      if (clients < 1 || clients > ChannelFrame.CHANNEL_MAX) {
        throw new IllegalArgumentException("clients must be in [1, 250]: clients=" + clients);
      }
      if (heldInputBytes < LinkFrame.INPUT_WINDOW_BYTES) {
        throw new IllegalArgumentException(
            "heldInputBytes must be at least the link's window of "
                + LinkFrame.INPUT_WINDOW_BYTES
                + ": heldInputBytes="
                + heldInputBytes);
      }
      if (clientBufferBytes < 1 || backlogBytes < 0) {
        throw new IllegalArgumentException(
            "buffers must not be negative: clientBufferBytes="
                + clientBufferBytes
                + " backlogBytes="
                + backlogBytes);
      }
    }
  }

  /**
   * Intervals and timeouts of a front.
   *
   * @param pingInterval how often each node is asked whether it is there
   * @param silenceTimeout how long a node may be silent, or a connect may take; more than two ping
   *     intervals, so that one late answer is not taken for a dead node
   * @param reconnectDelay pause after a failed connect; the first try after a loss is immediate
   * @param refusedDelay pause before a node of an old term or another run is tried again
   * @param syncRetry how long the guest has to answer a committed SYNC before another is sent
   * @param drain how long a client may take to read its last replies without any progress
   */
  public record Timing(
      Duration pingInterval,
      Duration silenceTimeout,
      Duration reconnectDelay,
      Duration refusedDelay,
      Duration syncRetry,
      Duration drain) {
    public static final Timing DEFAULT =
        new Timing(
            Duration.ofMillis(200),
            Duration.ofSeconds(1),
            Duration.ofMillis(20),
            Duration.ofSeconds(1),
            Duration.ofSeconds(5),
            Duration.ofSeconds(10));

    public Timing {
      if (pingInterval.toMillis() < 1
          || silenceTimeout.compareTo(pingInterval.multipliedBy(2)) < 0) {
        throw new IllegalArgumentException(
            "silenceTimeout must be at least two ping intervals of at least 1 ms: pingInterval="
                + pingInterval
                + " silenceTimeout="
                + silenceTimeout);
      }
      if (reconnectDelay.toMillis() < 1
          || refusedDelay.toMillis() < 1
          || syncRetry.toMillis() < 1
          || drain.toMillis() < 1) {
        throw new IllegalArgumentException("delays must be at least 1 ms");
      }
    }
  }
}
