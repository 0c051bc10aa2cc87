package io.understudy.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.understudy.cli.demo.IncrTraffic;
import io.understudy.cli.demo.LocalCluster;
import io.understudy.log.ClusterConnection;
import io.understudy.log.Epoch;
import io.understudy.log.EpochReader;
import io.understudy.log.LogEnd;
import io.understudy.schemas.EventRecord;
import io.understudy.schemas.GuestEvent;
import io.understudy.schemas.VmId;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Somebody with a Kafka client, an Avro library and docs/formats.md reads the same as we do: the
 * program that stands there is run as it stands there.
 */
class PlainReaderIT {
  private static final String VM = "plain";
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path directory;

  /** What the program prints of one event. */
  private record Line(long epoch, long sequence, long position, JsonNode payload) {
    static Line parse(String text) throws Exception {
      String[] words = text.split(" ", 4);
      ObjectNode payload = (ObjectNode) JSON.readTree(words[3]);
      // Nothing is null there and an object here.
      payload.remove("attachments");
      return new Line(
          Long.parseLong(words[0]), Long.parseLong(words[1]), Long.parseLong(words[2]), payload);
    }

    static Line of(EventRecord record) throws Exception {
      return new Line(
          record.epoch(), record.sequence(), record.position(), payload(record.event()));
    }

    /** The components of our classes have the names of the schema's fields. */
    private static JsonNode payload(GuestEvent event) throws Exception {
      ObjectNode payload = JSON.createObjectNode().put("type", event.typeName());
      for (RecordComponent component : event.getClass().getRecordComponents()) {
        Object value = component.getAccessor().invoke(event);
        if (value instanceof byte[] bytes) {
          payload.put(component.getName(), HexFormat.of().formatHex(bytes));
        } else if (!component.getName().equals("attachments")) {
          payload.set(component.getName(), JSON.valueToTree(value));
        }
      }
      // As text, a number does not tell of how many bits it is.
      return JSON.readTree(payload.toString());
    }
  }

  @Test
  @Timeout(value = 5, unit = TimeUnit.MINUTES)
  void programOfTheDocumentationReadsWhatOurReaderReads_overATakeover() throws Exception {
    Needs.kvm();
    Needs.pythonModule("confluent_kafka", "python3-confluent-kafka");
    Needs.pythonModule("avro", "python3-avro");
    Path program = Files.writeString(directory.resolve("read-log.py"), documented());
    try (LocalCluster cluster = TestPair.cluster("plain-reader")) {
      TestPair pair = TestPair.start(cluster, VM);
      try (IncrTraffic traffic = pair.traffic("plain")) {
        pair.awaitAcknowledged(traffic, 200);
        pair.leader().kill();
        pair.awaitTakeover();
        pair.awaitAcknowledged(traffic, 200);
        pair.assertNothingLostOrTwice(traffic);
      }
      // Nobody writes from here on, so both read the same.
      pair.leader().kill();

      String printed =
          Tool.run(
              TestPair.TIMEOUT, Needs.PYTHON, program.toString(), cluster.bootstrapServers(), VM);

      List<Line> lines = new ArrayList<>();
      for (String text : printed.lines().toList()) {
        lines.add(Line.parse(text));
      }
      assertThat(lines).isEqualTo(ours(cluster.connection()));
      assertThat(lines.stream().map(line -> line.payload().get("type").asText()))
          .contains("RunStarted", "ConsoleInput", "TermStarted", "EpochCommitted");
      // Epochs of each of the four partitions, many times.
      assertThat(lines.get(lines.size() - 1).epoch()).isGreaterThan(40);
    }
  }

  /** The one block of Python in docs/formats.md. */
  private static String documented() throws Exception {
    List<String> lines = Files.readAllLines(Path.of("..", "docs", "formats.md"));
    int begin = lines.indexOf("```python");
    assertThat(begin).as("a block of Python in docs/formats.md").isNotNegative();
    assertThat(begin).as("the only one").isEqualTo(lines.lastIndexOf("```python"));
    return lines.subList(begin + 1, lines.size()).stream()
        .takeWhile(line -> !line.equals("```"))
        .collect(Collectors.joining("\n", "", "\n"));
  }

  private static List<Line> ours(ClusterConnection connection) throws Exception {
    List<Line> lines = new ArrayList<>();
    try (EpochReader reader = EpochReader.fromStart(connection, new VmId(VM))) {
      LogEnd end = reader.end();
      while (!reader.reached(end)) {
        Epoch epoch = reader.poll(Duration.ofMillis(50));
        if (epoch != null) {
          for (EventRecord record : epoch.events()) {
            lines.add(Line.of(record));
          }
          lines.add(Line.of(epoch.markRecord()));
        }
      }
    }
    return lines;
  }
}
