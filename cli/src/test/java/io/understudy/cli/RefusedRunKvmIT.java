package io.understudy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.broker.EmbeddedBroker;
import io.understudy.kvm.Kvm;
import io.understudy.kvm.RequiresKvm;
import io.understudy.kvm.TestTap;
import io.understudy.log.ChainState;
import io.understudy.log.ClusterConnection;
import io.understudy.log.EpochDraft;
import io.understudy.log.FencedWriter;
import io.understudy.log.KafkaEpochWriter;
import io.understudy.log.LogTopics;
import io.understudy.machine.LinuxGuest;
import io.understudy.machine.Machine;
import io.understudy.machine.RunClock;
import io.understudy.machine.RunHeader;
import io.understudy.machine.RunRefusedException;
import io.understudy.machine.disk.FileDisk;
import io.understudy.machine.linux.SyntheticKernel;
import io.understudy.schemas.Attachments;
import io.understudy.schemas.GuestEvent.RunStarted;
import io.understudy.schemas.VmId;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** Runs that this host cannot begin or repeat, with a cluster that would have taken them. */
@RequiresKvm
@Timeout(120)
class RefusedRunKvmIT {
  private static final int ENVIRONMENT = ExitCode.ENVIRONMENT.code();
  private static final String VM = "linux-with-everything";
  private static final String BARE_VM = "bare";

  @TempDir private static Path shared;
  private static EmbeddedBroker broker;
  private static ClusterConnection connection;

  @TempDir private Path dir;
  private Path state;

  private record Outcome(int code, String line) {}

  @BeforeAll
  static void recordRuns() throws IOException {
    EmbeddedBroker.keepJvmAlive();
    broker = EmbeddedBroker.start(shared.resolve("broker"), 0);
    connection = ClusterConnection.of(broker.bootstrapServers());
    Path kernel = kernel(shared.resolve("vmlinuz"), 0x31);
    Path initrd = Files.write(shared.resolve("initrd"), new byte[100]);
    Path disk = Files.write(shared.resolve("disk"), new byte[512]);
    LinuxGuest linux = LinuxGuest.read(kernel, initrd);
    record(
        VM,
        "vmlinuz",
        linux.sha256(),
        new Attachments(
            Attachments.LINUX,
            linux.initrdSha256(),
            FileDisk.read(disk).description(),
            "",
            Attachments.UART));
    record(BARE_VM, "ledger", new byte[32], Attachments.NONE);
  }

  @AfterAll
  static void close() {
    Termination.commandEnded(0);
    broker.close();
  }

  @BeforeEach
  void chooseState() {
    state = dir.resolve("state");
  }

  @ParameterizedTest
  @ValueSource(strings = {"standby", "replay"})
  void refusesToRepeatARunWithOtherFiles(String command) throws IOException {
    Path kernel = kernel(dir.resolve("other"), 0x32);
    Path initrd = Files.write(dir.resolve("initrd"), new byte[99]);
    Path small = Files.write(dir.resolve("small"), new byte[512 * 2]);
    Path disk =
        Files.write(
            dir.resolve("disk"),
            "x".repeat(512).getBytes(java.nio.charset.StandardCharsets.US_ASCII));

    assertRefused(
        with(command, VM, files(kernel, shared("initrd"), shared("disk"))),
        "the kernel is not the recorded one: image=" + kernel + " sha256 expected=",
        "give the file that the run was recorded with: --kernel");
    assertRefused(
        with(command, VM, files(shared("vmlinuz"), initrd, shared("disk"))),
        "the initrd is not the recorded one: sha256 expected=",
        "--initrd");
    assertRefused(
        with(command, VM, files(shared("vmlinuz"), shared("initrd"), disk)),
        "the disk is not the recorded one: image=disk sha256 expected=",
        "--disk");
    assertRefused(
        with(command, VM, files(shared("vmlinuz"), shared("initrd"), small)),
        "the disk is not the recorded one: image=small bytes expected=512 actual=1024",
        "--disk");
    assertRefused(
        with(command, BARE_VM, List.of()),
        "the guest is not the recorded one: image=ledger sha256 expected=" + "00".repeat(32));
  }

  @ParameterizedTest
  @ValueSource(strings = {"standby", "replay"})
  void refusesToRepeatARunWithFilesMissingOrTooMany(String command) {
    assertRefused(
        with(command, VM, List.of()),
        "the run has a kernel: give the same file with --kernel: vmlinuz");
    assertRefused(
        with(command, VM, List.of("--kernel", shared("vmlinuz").toString())),
        "the run has an initrd: give the same file with --initrd: sha256=");
    assertRefused(
        with(
            command,
            VM,
            List.of(
                "--kernel", shared("vmlinuz").toString(), "--initrd", shared("initrd").toString())),
        "the run has a disk: give the same file with --disk: disk");
    assertRefused(
        with(command, BARE_VM, List.of("--kernel", shared("vmlinuz").toString())),
        "the run does not have a kernel: leave --kernel out: " + shared("vmlinuz"));
    assertRefused(
        with(command, BARE_VM, List.of("--disk", shared("disk").toString())),
        "the run does not have a disk: leave --disk out: " + shared("disk"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"primary", "standby"})
  void refusesATapInterfaceThatIsNone_beforeAnyTopicIsMade(String command) {
    String missing = TestTap.name();

    assertRefused(
        with(command, "new", List.of("--tap", missing)),
        "network interface " + missing + " is missing: make it with 'ip tuntap add dev");
    assertRefused(
        with(command, "new", List.of("--tap", "lo")), "network interface lo is no TAP interface");
    assertThat(topicsOf("new")).isEmpty();
  }

  @Test
  void refusesANetworkCardThatIsConnectedToNothing_beforeAnyTopicIsMade() {
    assertRefused(
        with("primary", "new", List.of("--mac", "52:54:00:12:34:56")),
        "the run has a network card: name the TAP interface that connects it, with --tap");
    assertThat(topicsOf("new")).isEmpty();
  }

  /** On hosts that are fit for Linux there is nothing to refuse. */
  @Test
  void refusesLinux_whereItWouldNotBeDeterministic_beforeAnyTopicIsMade() {
    try (Kvm kvm = Kvm.open()) {
      RunHeader.requireFit(kvm, LinuxGuest.read(shared("vmlinuz"), null));
      return;
    } catch (RunRefusedException expected) {
      assertRefused(
          with("primary", "new", List.of("--kernel", shared("vmlinuz").toString())),
          expected.getMessage());
    }
    assertThat(topicsOf("new")).isEmpty();
  }

  private List<String> with(String command, String vm, List<String> more) {
    List<String> words = new ArrayList<>(List.of(command, "--vm", vm));
    words.addAll(List.of("--bootstrap-server", broker.bootstrapServers()));
    words.addAll(
        command.equals("replay")
            ? List.of("--verify")
            : List.of("--node", "n", "--state", state.toString()));
    words.addAll(more);
    return words;
  }

  private void assertRefused(List<String> words, String... parts) {
    Outcome outcome = run(words);

    assertThat(outcome.code()).as(outcome.line()).isEqualTo(ENVIRONMENT);
    assertThat(outcome.line()).startsWith("understudy " + words.get(0) + ": ").contains(parts);
    assertThat(state).doesNotExist();
  }

  private static Outcome run(List<String> words) {
    StringWriter err = new StringWriter();
    CommandLine commandLine = Main.commandLine();
    commandLine.setOut(new PrintWriter(new StringWriter()));
    commandLine.setErr(new PrintWriter(err));
    int code = commandLine.execute(words.toArray(String[]::new));
    assertThat(err.toString().strip().lines()).hasSize(1);
    return new Outcome(code, err.toString().strip());
  }

  private static List<String> topicsOf(String vm) {
    return ClusterOptions.topics(connection).stream()
        .filter(topic -> topic.startsWith("understudy." + vm + "."))
        .toList();
  }

  private static List<String> files(Path kernel, Path initrd, Path disk) {
    return List.of(
        "--kernel", kernel.toString(), "--initrd", initrd.toString(), "--disk", disk.toString());
  }

  private static Path shared(String name) {
    return shared.resolve(name);
  }

  private static Path kernel(Path file, int secondByte) throws IOException {
    return Files.write(file, SyntheticKernel.vmlinux(new byte[] {0x0f, (byte) secondByte}));
  }

  /** The first epoch of a run; nothing of it is ever executed. */
  private static void record(String vm, String guest, byte[] sha256, Attachments attachments) {
    VmId id = new VmId(vm);
    try (LogTopics topics = new LogTopics(connection)) {
      topics.createShared();
      topics.create(id, 1);
    }
    RunStarted header =
        new RunStarted(
            1,
            32 << 20,
            guest,
            sha256,
            "",
            "cpu",
            RunClock.EXIT.name(),
            "stream",
            0,
            0,
            Machine.VERSION,
            Machine.VERSION,
            new TreeMap<>(),
            "node",
            attachments);
    try (FencedWriter fenced = KafkaEpochWriter.fence(connection, id, Duration.ofSeconds(20))) {
      fenced
          .begin(UUID.randomUUID(), 1, ChainState.genesis(), 1)
          .commit(
              new EpochDraft(
                  List.of(new EpochDraft.Entry(0, 0, 0, header)),
                  new EpochDraft.Mark(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)));
    }
  }
}
