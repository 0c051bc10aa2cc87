package io.understudy.containertests;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import org.testcontainers.DockerClientFactory;

/** The container engine that the tests use: what {@code DOCKER_HOST} says, or the usual socket. */
final class Engine {
  private Engine() {}

  /** Skips the test if none answers; {@code UNDERSTUDY_REQUIRE_ENGINE=1} says that one must. */
  static void require() {
    if (DockerClientFactory.instance().isDockerAvailable()) {
      return;
    }
    String reason = "no container engine answers: DOCKER_HOST=" + System.getenv("DOCKER_HOST");
    if ("1".equals(System.getenv("UNDERSTUDY_REQUIRE_ENGINE"))) {
      fail(reason);
    }
    abort(reason);
  }

  /**
   * A free port of this host, the first from {@code first} on, that stays free while its service is
   * away: {@code first} is below the range in which kernels choose ports for those who connect.
   */
  static int freePort(int first) {
    for (int port = first; port < first + 100; port++) {
      try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
        return socket.getLocalPort();
      } catch (IOException e) {
        // Somebody else's.
      }
    }
    throw new IllegalStateException("no free port: first=" + first + " last=" + (first + 99));
  }
}
