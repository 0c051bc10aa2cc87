package io.understudy.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClusterConnectionTest {
  @Test
  void optionWinsOverPropertyOverFile_whenAllAreGiven(@TempDir Path directory) throws IOException {
    Path file =
        Files.writeString(
            directory.resolve("client.properties"),
            "bootstrap.servers=file:1\nclient.rack=file\nsasl.mechanism=PLAIN\n");
    ClusterConnection connection =
        ClusterConnection.of("option:3", file, Map.of("client.rack", "property"));

    assertThat(connection.bootstrapServers()).isEqualTo("option:3");
    assertThat(connection.adminSettings())
        .containsEntry("client.rack", "property")
        .containsEntry("sasl.mechanism", "PLAIN");
    assertThat(ClusterConnection.of(null, file, Map.of()).bootstrapServers()).isEqualTo("file:1");
  }

  @Test
  void prefixLimitsPropertyToOneKindOfClient() {
    ClusterConnection connection =
        ClusterConnection.of(
            "host:1", null, Map.of("consumer.fetch.max.wait.ms", "7", "producer.linger.ms", "9"));

    assertThat(KafkaSettings.reader(connection))
        .containsEntry("fetch.max.wait.ms", "7")
        .doesNotContainKeys("linger.ms", "producer.linger.ms", "consumer.fetch.max.wait.ms");
    assertThat(KafkaSettings.epochWriter(connection, "id", Duration.ofSeconds(60)))
        .containsEntry("linger.ms", "9")
        .doesNotContainKey("fetch.max.wait.ms");
  }

  @Test
  void safetySettingsStay_whenUserSetsThem() {
    ClusterConnection connection =
        ClusterConnection.of(
            "host:1",
            null,
            Map.of("acks", "0", "isolation.level", "read_uncommitted", "transactional.id", "mine"));

    assertThat(KafkaSettings.epochWriter(connection, "understudy.vm", Duration.ofSeconds(60)))
        .containsEntry("acks", "all")
        .containsEntry("transactional.id", "understudy.vm")
        .containsEntry("delivery.timeout.ms", 60_000);
    assertThat(KafkaSettings.reader(connection)).containsEntry("isolation.level", "read_committed");
  }

  @Test
  void namesNoSecrets_whenPrinted() {
    ClusterConnection connection =
        ClusterConnection.of("host:1", null, Map.of("ssl.key.password", "hush"));
    assertThat(connection.toString()).contains("host:1", "ssl.key.password").doesNotContain("hush");
  }

  @Test
  void refuses_whenNoClusterIsGiven() {
    assertThatThrownBy(() -> ClusterConnection.of(null, null, Map.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("bootstrap.servers");
  }
}
