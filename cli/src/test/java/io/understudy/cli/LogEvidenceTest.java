package io.understudy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.understudy.broker.EmbeddedBroker;
import io.understudy.log.ChainState;
import io.understudy.log.ClusterConnection;
import io.understudy.log.CommittedEpoch;
import io.understudy.log.Drafts;
import io.understudy.log.EpochLog;
import io.understudy.log.FencedWriter;
import io.understudy.log.KafkaEpochWriter;
import io.understudy.log.LogTopics;
import io.understudy.log.LogTrim;
import io.understudy.log.TestSnapshots;
import io.understudy.schemas.VmId;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** What people get who hand evidence of a run to others, and those who get it. */
@Timeout(120)
final class LogEvidenceTest {
  private static final int PARTITIONS = 2;
  private static final int EPOCHS = 6;
  private static final int CUT = 2;
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final VmId WHOLE = new VmId("whole");
  private static final VmId SHORT = new VmId("short");

  @TempDir private static Path shared;
  private static EmbeddedBroker broker;
  private static final UUID RUN = UUID.randomUUID();

  /** Of both logs, by epoch: they hold the same epochs of runs that are called the same. */
  private static List<String> hashes;

  private static List<String> hashesOfShort;

  @TempDir private Path dir;

  private record Outcome(int code, String out, String err) {}

  @BeforeAll
  static void write() {
    EmbeddedBroker.keepJvmAlive();
    broker = EmbeddedBroker.start(shared.resolve("broker"), 0);
    hashes = write(WHOLE);
    hashesOfShort = write(SHORT);
    LogTrim.plan(connection(), SHORT).apply(connection());
  }

  @AfterAll
  static void stop() {
    broker.close();
  }

  private static ClusterConnection connection() {
    return ClusterConnection.of(broker.bootstrapServers());
  }

  /** A run with a verified snapshot behind epoch {@link #CUT}; returns its hashes. */
  private static List<String> write(VmId vm) {
    List<String> written = new ArrayList<>();
    try (LogTopics topics = new LogTopics(connection())) {
      topics.createShared();
      topics.create(vm, PARTITIONS);
    }
    try (FencedWriter right = KafkaEpochWriter.fence(connection(), vm, PATIENCE);
        EpochLog log = right.begin(RUN, 1, ChainState.genesis(), PARTITIONS)) {
      for (int epoch = 0; epoch < EPOCHS; epoch++) {
        CommittedEpoch committed =
            log.commit(epoch == 0 ? Drafts.first(PARTITIONS) : Drafts.of(epoch * 10L));
        written.add(HexFormat.of().formatHex(committed.next().hash()));
        if (epoch == CUT) {
          TestSnapshots.take(connection(), vm, RUN, committed);
          TestSnapshots.verifyNewest(connection(), vm, RUN);
        }
      }
    }
    return written;
  }

  private static Outcome run(String... words) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine commandLine = Main.commandLine();
    commandLine.setOut(new PrintWriter(out));
    commandLine.setErr(new PrintWriter(err));
    return new Outcome(commandLine.execute(words), out.toString(), err.toString());
  }

  private Outcome export(VmId vm, String... more) {
    List<String> words =
        new ArrayList<>(
            List.of(
                "log",
                "export",
                "--vm",
                vm.text(),
                "--to",
                file(),
                "--bootstrap-server",
                broker.bootstrapServers()));
    words.addAll(List.of(more));
    return run(words.toArray(String[]::new));
  }

  private String file() {
    return dir.resolve("evidence.avro").toString();
  }

  @Test
  void exportsAndVerifiesAll() {
    Outcome exported = export(WHOLE);
    assertThat(exported.code()).as(exported.err()).isZero();
    assertThat(exported.out())
        .startsWith("exported: file=" + file() + " vm=whole run=" + RUN)
        .contains("epochs 0 to 5 (6, 2 events), term 1, 2 partitions, ")
        .contains("by understudy ")
        .contains("hash after epoch 5:  " + hashes.get(5));

    Outcome verified =
        run(
            "log",
            "verify",
            file(),
            "--expect-hash",
            "5:" + hashes.get(5).toUpperCase(Locale.ROOT));
    assertThat(verified.code()).as(verified.err()).isZero();
    assertThat(verified.out()).isEqualTo(exported.out().replace("exported:", "verified:"));
    assertThat(verified.err()).as("an event is among the epochs: identified").isEmpty();
  }

  @Test
  void saysWhatIsNotProven_whenNoHashIsExpected() {
    export(WHOLE);

    assertThat(run("log", "verify", file()).err())
        .contains("no hash was expected")
        .contains("--expect-hash");
  }

  @Test
  void exportsAndVerifiesAPart_asJson() throws IOException {
    Outcome exported = export(WHOLE, "--from-epoch", "1", "--until-epoch", "4", "--json");
    Outcome verified =
        run(
            "log",
            "verify",
            "--json",
            "--expect-hash",
            "4:" + hashes.get(4),
            "--expect-hash=1:" + hashes.get(1),
            file());

    assertThat(exported.code()).as(exported.err()).isZero();
    assertThat(verified.code()).as(verified.err()).isZero();
    ObjectNode json = (ObjectNode) new ObjectMapper().readTree(verified.out());
    assertThat(json.remove("identityProven").asBoolean()).as("marks alone").isFalse();
    assertThat(verified.err()).contains("both are what the file claims");
    assertThat(json).isEqualTo(new ObjectMapper().readTree(exported.out()));
    assertThat(json.get("vm").asText()).isEqualTo("whole");
    assertThat(json.get("run").asText()).isEqualTo(RUN.toString());
    assertThat(json.get("firstEpoch").asLong()).isEqualTo(1);
    assertThat(json.get("lastEpoch").asLong()).isEqualTo(4);
    assertThat(json.get("term").asLong()).isEqualTo(1);
    assertThat(json.get("epochs").asLong()).isEqualTo(4);
    assertThat(json.get("events").asLong()).isZero();
    assertThat(json.get("previousHash").asText()).isEqualTo(hashes.get(0));
    assertThat(json.get("hash").asText()).isEqualTo(hashes.get(4));
    assertThat(json.get("bytes").asLong()).isEqualTo(Files.size(Path.of(file())));
  }

  @Test
  void exportsALogWithoutItsBeginning() {
    Outcome exported = export(SHORT);

    assertThat(exported.code()).as(exported.err()).isZero();
    assertThat(exported.err()).contains("the log begins with epoch 3, what was before is deleted");
    assertThat(exported.out())
        .contains("epochs 3 to 5 (3, 0 events)")
        .contains("hash before epoch 3: " + hashesOfShort.get(2));
    assertThat(run("log", "verify", file(), "--expect-hash", "4:" + hashesOfShort.get(4)).code())
        .isZero();
  }

  @Test
  void refusesEpochsThatAreDeleted_orNotThereYet() {
    Outcome deleted = export(SHORT, "--from-epoch", "2");
    assertThat(deleted.code()).isEqualTo(ExitCode.LOG.code());
    assertThat(deleted.err()).contains("it can be read from epoch 3 on: fromEpoch=2");

    Outcome notYet = export(SHORT, "--from-epoch", "4", "--until-epoch", "6");
    assertThat(notYet.code()).isEqualTo(ExitCode.LOG.code());
    assertThat(notYet.err()).contains("firstEpoch=4 lastEpoch=6 newestCommitted=5");

    Outcome none = export(new VmId("none"));
    assertThat(none.code()).isEqualTo(ExitCode.LOG.code());
    assertThat(none.err()).contains("this VM has no log: vm=none");
    assertThat(dir).isEmptyDirectory();
  }

  @Test
  void doesNotOverwrite() throws IOException {
    Files.writeString(Path.of(file()), "something else");

    Outcome outcome = export(WHOLE);

    assertThat(outcome.code()).isEqualTo(ExitCode.USAGE.code());
    assertThat(outcome.err()).contains("file exists, and is not overwritten: --to " + file());
    assertThat(Path.of(file())).hasContent("something else");
  }

  @Test
  void endsWith6_whenAHashIsAnother() {
    export(WHOLE, "--from-epoch", "2");

    // The same events of a run of the same name; only a hash from elsewhere tells them apart.
    Outcome another = run("log", "verify", file(), "--expect-hash", "4:" + hashesOfShort.get(4));
    assertThat(another.code()).isEqualTo(ExitCode.LOG.code());
    assertThat(another.out()).isEmpty();
    assertThat(another.err())
        .startsWith("understudy log verify: hash of an epoch is not the expected one")
        .contains("epoch=4 expected=" + hashesOfShort.get(4) + " actual=" + hashes.get(4));

    for (int epoch : new int[] {1, 6}) {
      Outcome absent =
          run(
              "log",
              "verify",
              file(),
              "--expect-hash",
              epoch + ":" + hashes.get(Math.min(epoch, 5)));
      assertThat(absent.code()).isEqualTo(ExitCode.LOG.code());
      assertThat(absent.out()).isEmpty();
      assertThat(absent.err()).contains("epoch=" + epoch).contains("read=2 to 5");
    }
  }

  @Test
  void endsWith6_whenTheFileIsDamaged() throws IOException {
    export(WHOLE);
    byte[] bytes = Files.readAllBytes(Path.of(file()));
    bytes[bytes.length - 30] ^= 1;
    Files.write(Path.of(file()), bytes);

    Outcome outcome = run("log", "verify", file());

    assertThat(outcome.code()).isEqualTo(ExitCode.LOG.code());
    assertThat(outcome.out()).isEmpty();
    assertThat(outcome.err())
        .startsWith("understudy log verify: ")
        .contains("expected=")
        .contains("actual=")
        .hasLineCount(1);
  }
}
