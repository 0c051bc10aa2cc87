package io.understudy.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.understudy.broker.EmbeddedBroker;
import java.nio.file.Path;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.FeatureUpdate;
import org.apache.kafka.clients.admin.FeatureUpdate.UpgradeType;
import org.apache.kafka.clients.admin.FinalizedVersionRange;
import org.apache.kafka.clients.admin.UpdateFeaturesOptions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A broker of its own, because every other test would be refused by this one. */
class UnsupportedClusterTest {
  private static final String FEATURE = "transaction.version";

  private static EmbeddedBroker broker;
  private static ClusterConnection connection;

  @BeforeAll
  static void start(@TempDir Path directory) {
    EmbeddedBroker.keepJvmAlive();
    broker = EmbeddedBroker.start(directory, 0);
    connection = ClusterConnection.of(broker.bootstrapServers());
  }

  @AfterAll
  static void stop() {
    broker.close();
  }

  @ParameterizedTest
  @ValueSource(shorts = {0, 1})
  void isRefused_whenItsTransactionsAreUnsafe(short level) throws Exception {
    setTransactionVersion(level, UpgradeType.SAFE_DOWNGRADE);
    try (LogTopics topics = new LogTopics(connection)) {
      assertThatThrownBy(topics::checkCluster)
          .isInstanceOf(UnsupportedClusterException.class)
          .hasMessage(
              "Kafka cluster has unsafe transactions: transaction.version needed=2 found="
                  + level
                  + ": upgrade it with kafka-features.sh upgrade --feature transaction.version=2");
    } finally {
      setTransactionVersion((short) 2, UpgradeType.UPGRADE);
    }
  }

  @Test
  void isAccepted_onceItIsUpgradedAsTheMessageSays() throws Exception {
    setTransactionVersion((short) 1, UpgradeType.SAFE_DOWNGRADE);
    setTransactionVersion((short) 2, UpgradeType.UPGRADE);
    try (LogTopics topics = new LogTopics(connection)) {
      topics.checkCluster();
      assertThat(topics.clusterId()).isNotBlank();
    }
  }

  private static void setTransactionVersion(short level, UpgradeType type) throws Exception {
    try (Admin admin = connection.admin()) {
      admin
          .updateFeatures(
              Map.of(FEATURE, new FeatureUpdate(level, type)), new UpdateFeaturesOptions())
          .all()
          .get();
      // The broker learns a moment after the controller has acknowledged it.
      while (transactionVersion(admin) != level) {
        Thread.onSpinWait();
      }
    }
  }

  private static int transactionVersion(Admin admin) throws Exception {
    FinalizedVersionRange range =
        admin.describeFeatures().featureMetadata().get().finalizedFeatures().get(FEATURE);
    return range == null ? 0 : range.maxVersionLevel();
  }
}
