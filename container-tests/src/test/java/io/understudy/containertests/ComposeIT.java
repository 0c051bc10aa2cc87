package io.understudy.containertests;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.dockerjava.api.DockerClient;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.ComposeContainer;
import org.testcontainers.containers.wait.strategy.Wait;

/**
 * The compose file as Testcontainers brings it up, with the compose of this host, which needs no
 * image of Testcontainers' own: that takes the published ports as they are.
 */
@Timeout(480)
@ExtendWith({Engine.class, Kvm.class})
class ComposeIT {
  private static final Duration DEADLINE = Duration.ofMinutes(4);
  private static final String PROJECT = "com.docker.compose.project";

  private final int frontPort = Engine.freePort(28_200);

  @Test
  void servesAcrossRestartOfTheBroker_andLeavesNothing() throws Exception {
    ComposeContainer compose =
        new ComposeContainer("understudy-it", Path.of("../compose.yaml").toFile());
    compose
        .withPull(false)
        .withEnv("FRONT_PORT", Integer.toString(frontPort))
        .withEnv("KAFKA_PORT", Integer.toString(Engine.freePort(28_300)))
        .withEnv("KVM_GID", Kvm.group())
        // Not what a user has set for this checkout.
        .withEnv("COMPOSE_DISABLE_ENV_FILE", "1");
    for (String service : List.of("kafka", "primary", "standby", "coordinator")) {
      compose.waitingFor(service, Wait.forHealthcheck().withStartupTimeout(DEADLINE));
    }
    String project;
    try {
      compose.start();
      project =
          compose
              .getContainerByServiceName("kafka")
              .orElseThrow()
              .getContainerInfo()
              .getConfig()
              .getLabels()
              .get(PROJECT);
      awaitAnswer("PING", "+PONG");
      awaitAnswer("SET compose-it kept", "+OK");
      DockerClient engine = DockerClientFactory.lazyClient();
      engine
          .restartContainerCmd(
              compose.getContainerByServiceName("kafka").orElseThrow().getContainerId())
          .exec();
      awaitAnswer("GET compose-it", "$4", "kept");
    } finally {
      compose.stop();
    }
    assertNothingIsLeft(project);
  }

  private static void assertNothingIsLeft(String project) {
    DockerClient engine = DockerClientFactory.lazyClient();
    List<String> label = List.of(PROJECT + "=" + project);
    assertThat(engine.listContainersCmd().withShowAll(true).withLabelFilter(label).exec())
        .isEmpty();
    assertThat(engine.listVolumesCmd().withFilter("label", label).exec().getVolumes()).isEmpty();
    assertThat(engine.listNetworksCmd().withFilter("label", label).exec()).isEmpty();
  }

  /** Asks until the answer comes: while the broker is away, or nobody leads, there is none. */
  private void awaitAnswer(String request, String... answer) throws InterruptedException {
    long deadlineNanos = System.nanoTime() + DEADLINE.toNanos();
    String said = "nothing";
    while (true) {
      try {
        List<String> lines = ask(request, answer.length);
        if (lines.equals(List.of(answer))) {
          return;
        }
        said = lines.toString();
      } catch (IOException e) {
        said = e.toString();
      }
      assertThat(System.nanoTime() - deadlineNanos)
          .as("answered in time: request=%s said=%s", request, said)
          .isNegative();
      TimeUnit.MILLISECONDS.sleep(200);
    }
  }

  private List<String> ask(String request, int lines) throws IOException {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), frontPort), 5_000);
      socket.setSoTimeout(30_000);
      socket.getOutputStream().write((request + "\r\n").getBytes(StandardCharsets.US_ASCII));
      BufferedReader reader =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
      List<String> answer = new ArrayList<>();
      for (int line = 0; line < lines; line++) {
        String text = reader.readLine();
        if (text == null) {
          throw new IOException("connection closed after " + answer);
        }
        answer.add(text);
      }
      return answer;
    }
  }
}
