package io.understudy.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.cli.demo.IncrTraffic;
import io.understudy.cli.demo.LocalCluster;
import io.understudy.schemas.Topics;
import io.understudy.schemas.VmId;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The log is an ordinary Kafka topic that ordinary tools can list. */
class KcatIT {
  private static final String VM = "kcat";

  @Test
  @Timeout(value = 5, unit = TimeUnit.MINUTES)
  void listsEventsWithKeysAndHeaders() throws Exception {
    Needs.kvm();
    Needs.program("kcat", "kcat");
    try (LocalCluster cluster = TestPair.cluster("kcat")) {
      TestPair pair = TestPair.start(cluster, VM);
      try (IncrTraffic traffic = pair.traffic("kcat")) {
        pair.awaitAcknowledged(traffic, 50);
        pair.assertNothingLostOrTwice(traffic);
      }

      String listing =
          Tool.run(
              TestPair.TIMEOUT,
              "kcat",
              "-C",
              "-e",
              "-q",
              "-b",
              cluster.bootstrapServers(),
              "-t",
              Topics.events(new VmId(VM)),
              "-f",
              "%p %k %h\n");
      List<String> lines = listing.lines().toList();

      // One line per record: partition, key = epoch, headers; the key says which partition it is.
      Pattern shape = Pattern.compile("[0-3] [0-9]+ .*type=[A-Za-z]+.*");
      assertThat(lines).isNotEmpty().allMatch(line -> shape.matcher(line).matches());
      assertThat(lines)
          .allMatch(
              line -> {
                List<String> words = List.of(line.split(" ", 3));
                return Long.parseLong(words.get(1)) % 4 == Long.parseLong(words.get(0));
              });
      assertThat(lines).anyMatch(line -> line.contains("type=RunStarted"));
      assertThat(lines).anyMatch(line -> line.contains("type=ConsoleInput"));
      assertThat(lines).anyMatch(line -> line.contains("type=EpochCommitted"));
      assertThat(lines).allMatch(line -> line.contains("term=1"));
    }
  }
}
