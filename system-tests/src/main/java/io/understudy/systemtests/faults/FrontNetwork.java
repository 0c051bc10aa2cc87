package io.understudy.systemtests.faults;

import io.understudy.cli.demo.LocalCluster;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Networks between the coordinator's front and the consoles of the nodes. The front is told by
 * heartbeats where a console is, so a library in its process redirects connections: each node
 * listens on a loopback address of its own, and whoever connects there gets to a {@link TcpProxy}.
 * Takes gcc. Owned by one thread.
 */
final class FrontNetwork implements AutoCloseable {
  private static final int FIRST_ADDRESS = 11;

  private final Path library;
  private final List<TcpProxy> proxies = new ArrayList<>();
  private final StringBuilder redirections = new StringBuilder();

  private FrontNetwork(Path library) {
    this.library = library;
  }

  /**
   * Starts the networks of some nodes.
   *
   * @param directory where the library is made
   * @param beats tells where a node's console listens
   */
  static FrontNetwork start(Path directory, int nodes, BeatLog beats) {
    FrontNetwork network = new FrontNetwork(Preload.compile("redirect-connect", directory));
    for (int node = 0; node < nodes; node++) {
      int number = node;
      int port = LocalCluster.freePort();
      network.proxies.add(
          TcpProxy.start(
              port,
              () ->
                  new InetSocketAddress(
                      host(number),
                      beats
                          .newest(VmProcesses.name(number))
                          .map(beat -> beat.consolePort())
                          .orElse(0))));
      network.redirections.append(host(node)).append('=').append(port).append(',');
    }
    return network;
  }

  /** The address on which a node's console listens. */
  static String host(int node) {
    return "127.0.0." + (FIRST_ADDRESS + node);
  }

  /** What stands before the coordinator's command. */
  List<String> prefix() {
    return List.of("env", "LD_PRELOAD=" + library, "UNDERSTUDY_REDIRECT=" + redirections);
  }

  /** The network between the front and a node. */
  List<TcpProxy> of(int node) {
    return List.of(proxies.get(node));
  }

  /** Makes all networks whole. */
  void heal() {
    proxies.forEach(proxy -> proxy.become(TcpProxy.Mode.WHOLE));
  }

  @Override
  public void close() {
    proxies.forEach(TcpProxy::close);
  }
}
