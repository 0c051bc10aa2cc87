package io.understudy.cli;

import io.understudy.failover.monitor.Monitor;
import java.net.InetSocketAddress;
import picocli.CommandLine.Option;

/** Whether and where a long-running command shows its metrics and its health. */
final class HttpOptions {
  @Option(
      names = "--http",
      paramLabel = "[HOST:]PORT",
      description =
          "Show /metrics, /healthz and /readyz there; on the loopback address when only a port is"
              + " given, nowhere when nothing is.",
      converter = Converters.ToHttpAddress.class)
  private InetSocketAddress listen;

  /** The process's monitor, shown where wanted; to be closed by the caller. */
  Monitor open() {
    Monitor monitor = new Monitor();
    if (listen != null) {
      try {
        monitor.serve(listen);
      } catch (RuntimeException refused) {
        monitor.close();
        throw refused;
      }
    }
    return monitor;
  }

  /** Where it is shown; null when nowhere. */
  InetSocketAddress listen() {
    return listen;
  }
}
