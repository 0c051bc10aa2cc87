package io.understudy.failover.front;

/**
 * Where a node's console listens.
 *
 * @param host name or address; names are resolved again for every connection
 * @param port TCP port
 */
public record Endpoint(String host, int port) {
  public Endpoint {
    if (host.isBlank() || port < 1 || port > 65535) {
      throw new IllegalArgumentException("no endpoint: host=" + host + " port=" + port);
    }
  }

  @Override
  public String toString() {
    return host + ":" + port;
  }
}
