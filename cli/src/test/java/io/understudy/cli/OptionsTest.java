package io.understudy.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.understudy.capture.CaptureSettings;
import io.understudy.capture.snapshot.CloneSettings;
import io.understudy.cli.Converters.FrontOption;
import io.understudy.failover.coordinator.CoordinatorSettings;
import io.understudy.failover.front.ConsoleMode;
import io.understudy.failover.node.NewRun;
import io.understudy.failover.node.NodeSettings;
import io.understudy.failover.node.ProtectionSettings;
import io.understudy.failover.node.RetentionSettings;
import io.understudy.failover.node.SnapshotSettings;
import io.understudy.log.ClusterConnection;
import io.understudy.log.KafkaEpochWriter;
import io.understudy.machine.GuestFiles;
import io.understudy.replay.StartPolicy;
import io.understudy.schemas.VmId;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

final class OptionsTest {
  private static final ClusterConnection CLUSTER = ClusterConnection.of("127.0.0.1:1");

  @TempDir private Path dir;

  /** The node's options alone, as a command would have them. */
  @CommandLine.Command
  private static final class AnyNode {
    @CommandLine.Mixin private OneVmOptions node;
  }

  /** The cluster's options alone. */
  @CommandLine.Command
  private static final class AnyCluster {
    @CommandLine.Mixin private ClusterOptions cluster;
  }

  @ParameterizedTest
  @CsvSource({"50ms,50", "2s,2000", "5m,300000", "1h,3600000"})
  void readsDurations(String text, long millis) {
    assertThat(new Converters.ToDuration().convert(text)).isEqualTo(Duration.ofMillis(millis));
  }

  @ParameterizedTest
  @CsvSource({
    "a=127.0.0.1:80,CHANNELS,80",
    "a=127.0.0.1:80:channels,CHANNELS,80",
    "a=127.0.0.1:80:stream,STREAM,80",
    "a=[::1]:80,CHANNELS,80",
    "a=[::1]:80:stream,STREAM,80"
  })
  void readsFronts(String text, ConsoleMode mode, int port) {
    FrontOption front = new Converters.ToFront().convert(text);

    assertThat(front.vm()).isEqualTo(new VmId("a"));
    assertThat(front.mode()).isEqualTo(mode);
    assertThat(front.listen().getPort()).isEqualTo(port);
    assertThat(front.listen().getAddress().isLoopbackAddress()).isTrue();
  }

  @Test
  void nodeDefaultsAreThoseOfTheModules() {
    AnyNode command = parsed(new AnyNode(), "--vm", "a", "--node", "n", "--state", "d");

    NodeSettings settings = command.node.settings(CLUSTER);

    assertThat(settings.capture()).isEqualTo(CaptureSettings.DEFAULT);
    assertThat(settings.commitTimeout()).isEqualTo(KafkaEpochWriter.DEFAULT_COMMIT_TIMEOUT);
    assertThat(settings.heartbeatInterval())
        .isEqualTo(CoordinatorSettings.of("c").detector().heartbeatInterval());
    assertThat(settings.consoleListen())
        .isEqualTo(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    assertThat(settings.kvmDevice()).isEqualTo(Path.of("/dev/kvm"));
  }

  @Test
  void nodeOptionsReachTheSettings() {
    AnyNode command =
        parsed(
            new AnyNode(),
            "--vm=a",
            "--node=n",
            "--state=d",
            "--console-listen=127.0.0.1:7",
            "--device=/dev/other",
            "--heartbeat-interval=1ms",
            "--commit-timeout=2s",
            "--checkpoint-every=3ms",
            "--epoch-max-age=5ms",
            "--output-max-hold=4ms",
            "--interrupt-delay=6ms",
            "--transfer-rate=7",
            "--clone-rate=8",
            "--clone-final-pages=9",
            "--clone-most-pages=11",
            "--keep-snapshots=3",
            "--start=snapshot",
            "--replay-at-most=10",
            "--retain=36h",
            "--retain-bytes=20GiB",
            "--guest-speed=0.5",
            "--kernel=k",
            "--initrd=i",
            "--disk=x",
            "--tap=tap0");

    NodeSettings settings = command.node.settings(CLUSTER);

    assertThat(settings)
        .isEqualTo(
            new NodeSettings(
                new VmId("a"),
                "n",
                CLUSTER,
                Path.of("d"),
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 7),
                Duration.ofMillis(1),
                Duration.ofSeconds(2),
                Duration.ofMillis(3),
                new CaptureSettings(
                    Duration.ofMillis(5),
                    Duration.ofMillis(4),
                    CaptureSettings.DEFAULT.epochMaxEvents(),
                    CaptureSettings.DEFAULT.stallEvents(),
                    CaptureSettings.DEFAULT.timeResolution(),
                    CaptureSettings.DEFAULT.outputLease(),
                    Duration.ofMillis(6),
                    7L << 20,
                    0.5),
                new SnapshotSettings(
                    new CloneSettings(8L << 20, 9, CloneSettings.DEFAULT.maxRounds(), 11),
                    3,
                    StartPolicy.SNAPSHOT,
                    10,
                    new RetentionSettings(Duration.ofHours(36), 20L << 30)),
                Path.of("/dev/other"),
                new GuestFiles(null, Path.of("k"), Path.of("i"), Path.of("x")),
                "tap0"));
  }

  @Test
  void protectionDefaultsAreThoseOfTheModule() {
    assertThat(parsed(new ProtectionOptions()).settings()).isEqualTo(ProtectionSettings.DEFAULT);
  }

  @Test
  void protectionIsMadeOfItsOptions() {
    assertThat(
            parsed(
                    new ProtectionOptions(),
                    "--max-lag=off",
                    "--max-lag-epochs=7",
                    "--standby-timeout=3s",
                    "--unprotected=stop",
                    "--unprotected-grace=4s")
                .settings())
        .isEqualTo(
            new ProtectionSettings(
                Duration.ZERO, 7, Duration.ofSeconds(3), true, Duration.ofSeconds(4)));
    for (String wrong :
        List.of("--max-lag=0s", "--max-lag-epochs=0", "--unprotected=maybe", "--http=1:x")) {
      assertThatThrownBy(() -> parsed(new AnyNode(), "--vm=a", "--node=n", "--state=d", wrong))
          .as(wrong)
          .isInstanceOf(CommandLine.ParameterException.class)
          .hasMessageContaining("expected");
    }
  }

  @Test
  void portsListenOnTheLoopbackAddressUnlessToldOtherwise() {
    assertThat(parsed(new HttpOptions()).listen()).isNull();
    assertThat(parsed(new HttpOptions(), "--http=9100").listen())
        .isEqualTo(new InetSocketAddress(InetAddress.getLoopbackAddress(), 9100));
    assertThat(parsed(new HttpOptions(), "--http=0.0.0.0:9100").listen().getAddress())
        .matches(InetAddress::isAnyLocalAddress);
    AnyNode node = parsed(new AnyNode(), "--vm=a", "--node=n", "--state=d");
    assertThat(node.node.settings(CLUSTER).consoleListen().getAddress())
        .matches(InetAddress::isLoopbackAddress);
    assertThatThrownBy(() -> parsed(new CoordinatorCommand(), "--front=vm=7000"))
        .as("a front's address has to be said")
        .isInstanceOf(CommandLine.ParameterException.class);
  }

  @Test
  void coordinatorDefaultsAreThoseOfTheModule() {
    assertThat(parsed(new CoordinatorCommand(), "--name", "c").settings())
        .isEqualTo(CoordinatorSettings.of("c"));
  }

  @Test
  void primaryStartsTheBuiltInGuestByDefault() {
    NewRun run = parsed(new PrimaryCommand(), "--vm", "a", "--node", "n", "--state", "d").newRun();

    assertThat(run.guest()).isEqualTo("ledger");
    assertThat(run.memoryBytes()).isEqualTo(32 << 20);
    assertThat(run.partitions()).isEqualTo(4);
    assertThat(run.consoleMode()).isEqualTo("channels");
    assertThat(run.commandLine()).isEmpty();
  }

  @Test
  void findsTheClusterInTheOrderThatIsDocumented() throws IOException {
    Path file = dir.resolve("client.properties");
    Files.writeString(file, "bootstrap.servers=file:1\n");
    String config = "--command-config=" + file;

    assertThat(bootstrap(null)).isEqualTo("127.0.0.1:9092");
    assertThat(bootstrap("environment:1")).isEqualTo("environment:1");
    assertThat(bootstrap(null, config)).isEqualTo("file:1");
    assertThat(bootstrap("environment:1", config)).isEqualTo("environment:1");
    assertThat(bootstrap("environment:1", config, "--bootstrap-server=option:1"))
        .isEqualTo("option:1");
    assertThat(bootstrap(null, "--command-property=bootstrap.servers=property:1", config))
        .isEqualTo("property:1");
    assertThat(bootstrap(null, "--command-property=client.id=me")).isEqualTo("127.0.0.1:9092");
  }

  private static String bootstrap(String environment, String... words) {
    return parsed(new AnyCluster(), words).cluster.connection(environment).bootstrapServers();
  }

  private static <T> T parsed(T command, String... words) {
    new CommandLine(command).parseArgs(words);
    return command;
  }

  @Test
  void nodeRefusesWhatManyVmsCannotShare() {
    assertThat(run("--vm", "a", "--vm", "a", "--begin", "--tap", "a=t", "--tap", "b=t"))
        .isEqualTo(ExitCode.USAGE.code());
    assertThat(run("--vm", "a", "--console-listen", "127.0.0.1:7000"))
        .isEqualTo(ExitCode.USAGE.code());
  }

  private int run(String... more) {
    List<String> all = new ArrayList<>(List.of("node", "--node", "n", "--state", dir.toString()));
    all.addAll(List.of(more));
    CommandLine line = Main.commandLine();
    line.setErr(new PrintWriter(new StringWriter()));
    return line.execute(all.toArray(String[]::new));
  }
}
