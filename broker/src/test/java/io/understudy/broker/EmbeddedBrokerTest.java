package io.understudy.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedBrokerTest {
  @TempDir private Path directory;

  @BeforeAll
  static void keepJvmAlive() {
    EmbeddedBroker.keepJvmAlive();
  }

  @Test
  void servesTransactionVersion2_whenStartedOnNewDirectory() throws Exception {
    try (EmbeddedBroker broker = EmbeddedBroker.start(directory, 0);
        Admin admin = admin(broker)) {
      var features = admin.describeFeatures().featureMetadata().get().finalizedFeatures();

      assertThat(features.get("transaction.version").maxVersionLevel())
          .isGreaterThanOrEqualTo((short) 2);
    }
  }

  @Test
  void keepsTopics_whenRestartedOnSameDirectoryAndPort() throws Exception {
    int port;
    try (EmbeddedBroker broker = EmbeddedBroker.start(directory, 0);
        Admin admin = admin(broker)) {
      port = broker.port();
      admin.createTopics(List.of(new NewTopic("kept", 3, (short) 1))).all().get();
    }

    try (EmbeddedBroker broker = EmbeddedBroker.start(directory, port);
        Admin admin = admin(broker)) {
      assertThat(broker.port()).isEqualTo(port);
      assertThat(admin.listTopics().names().get()).contains("kept");
    }
  }

  @Test
  void refusesToStart_whenPortIsTaken() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      assertThatThrownBy(() -> EmbeddedBroker.start(directory, taken.getLocalPort()))
          .isInstanceOf(BrokerException.class)
          .hasMessageContaining("cannot listen")
          .hasMessageContaining("port=" + taken.getLocalPort());
    }
  }

  @Test
  void refusesToStart_whenDirectoryIsInUse() {
    try (EmbeddedBroker broker = EmbeddedBroker.start(directory, 0)) {
      assertThat(broker.port()).isPositive();

      assertThatThrownBy(() -> EmbeddedBroker.start(directory, 0))
          .isInstanceOf(BrokerException.class)
          .hasMessageContaining("in use");
    }
  }

  @Test
  void refusesToStart_whenDirectoryIsOfAnotherVersion() throws IOException {
    Files.writeString(directory.resolve("understudy-broker.properties"), "layout=1\nkafka=3.9.0\n");

    assertThatThrownBy(() -> EmbeddedBroker.start(directory, 0))
        .isInstanceOf(BrokerException.class)
        .hasMessageContaining("another version")
        .hasMessageContaining("found=3.9.0");
  }

  @Test
  void refusesToStart_whenDirectoryHoldsSomethingElse() throws IOException {
    Files.writeString(directory.resolve("thesis.txt"), "precious");

    assertThatThrownBy(() -> EmbeddedBroker.start(directory, 0))
        .isInstanceOf(BrokerException.class)
        .hasMessageContaining("thesis.txt");
    assertThat(directory.resolve("kafka")).doesNotExist();
  }

  private static Admin admin(EmbeddedBroker broker) {
    return Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()));
  }
}
