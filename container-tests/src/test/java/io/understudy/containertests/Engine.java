package io.understudy.containertests;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.testcontainers.DockerClientFactory;

/**
 * The container engine that the tests use: what {@code DOCKER_HOST} says, or the usual socket. As a
 * condition it skips a class if none answers; {@code UNDERSTUDY_REQUIRE_ENGINE=1} says that one
 * must, and the class fails.
 */
public final class Engine implements ExecutionCondition {
  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    if (DockerClientFactory.instance().isDockerAvailable()) {
      return ConditionEvaluationResult.enabled("a container engine answers");
    }
    String reason = "no container engine answers: DOCKER_HOST=" + System.getenv("DOCKER_HOST");
    if ("1".equals(System.getenv("UNDERSTUDY_REQUIRE_ENGINE"))) {
      throw new IllegalStateException(reason);
    }
    return ConditionEvaluationResult.disabled(reason);
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
