package io.understudy.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.cli.demo.ChildJvm;
import io.understudy.cli.demo.LocalCluster;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.FeatureUpdate;
import org.apache.kafka.clients.admin.FeatureUpdate.UpgradeType;
import org.apache.kafka.clients.admin.FinalizedVersionRange;
import org.apache.kafka.clients.admin.UpdateFeaturesOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Nothing writes to a cluster whose transactions are not safe. */
class UnsupportedClusterIT {
  private static final int EXIT_REFUSED = 7;
  private static final String FEATURE = "transaction.version";

  @Test
  @Timeout(value = 5, unit = TimeUnit.MINUTES)
  void everyCommandThatWritesEndsWithItsExitCode_whenTransactionsAreUnsafe() throws Exception {
    Needs.kvm();
    try (LocalCluster cluster = TestPair.cluster("unsupported-cluster")) {
      downgrade(cluster);
      String state = cluster.state("vm", "node").toString();
      List<List<String>> commands =
          List.of(
              List.of("primary", "--vm", "vm", "--node", "node", "--state", state),
              List.of("standby", "--vm", "vm", "--node", "node", "--state", state),
              List.of("coordinator"),
              List.of("topics", "create", "--vm", "vm"));
      List<ChildJvm> started = new ArrayList<>();
      for (List<String> command : commands) {
        List<String> words = new ArrayList<>(command);
        words.addAll(List.of("--bootstrap-server", cluster.bootstrapServers()));
        started.add(cluster.start("refused-" + command.get(0), words));
      }
      for (ChildJvm child : started) {
        assertThat(child.awaitExit(TestPair.TIMEOUT)).as(child.tail()).isEqualTo(EXIT_REFUSED);
        assertThat(child.lines())
            .as(child.name())
            .filteredOn(line -> line.contains("unsafe transactions"))
            .singleElement()
            .asString()
            .startsWith("understudy ")
            .contains(
                "transaction.version needed=2 found=1",
                "kafka-features.sh upgrade --feature transaction.version=2");
      }
    }
  }

  private static void downgrade(LocalCluster cluster) throws Exception {
    try (Admin admin = cluster.connection().admin()) {
      FeatureUpdate update = new FeatureUpdate((short) 1, UpgradeType.SAFE_DOWNGRADE);
      admin.updateFeatures(Map.of(FEATURE, update), new UpdateFeaturesOptions()).all().get();
      FinalizedVersionRange range;
      do {
        range = admin.describeFeatures().featureMetadata().get().finalizedFeatures().get(FEATURE);
      } while (range.maxVersionLevel() != 1);
    }
  }
}
