package io.understudy.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.understudy.kvm.HostProbe;
import io.understudy.kvm.Kvm;
import io.understudy.kvm.RequiresKvm;
import io.understudy.machine.disk.FileDisk;
import io.understudy.machine.linux.KernelFile;
import io.understudy.machine.linux.SyntheticKernel;
import io.understudy.schemas.Attachments;
import io.understudy.schemas.GuestEvent.RunStarted;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which runs a host begins, and which it repeats: only what would come out the same. */
@RequiresKvm
class RunHeaderKvmIT {
  private static final int MEMORY = 32 << 20;
  private static final GuestProgram BARE = new GuestAssembler().end().program("bare");
  private static final KernelFile KERNEL =
      KernelFile.parse("vmlinuz", SyntheticKernel.vmlinux(new byte[] {0x0f, 0x31}));
  private static final GuestProgram LINUX = new LinuxGuest(KERNEL, new byte[0]);

  private final Kvm kvm = Kvm.open();
  @TempDir private Path dir;

  @AfterEach
  void closeKvm() {
    kvm.close();
  }

  @Test
  void acceptsWhatItHasDescribed() throws IOException {
    MachineConfig config =
        new MachineConfig(
            BARE,
            MEMORY,
            "line",
            7,
            8,
            RunClock.bestOf(kvm),
            disk("a", 1024),
            "52:54:00:12:34:56",
            Attachments.VIRTIO);

    RunStarted header = describe(config);

    assertThat(RunHeader.accept(kvm, header, new MachineParts(BARE, config.disk())))
        .isEqualTo(config);
  }

  @Test
  void refusesAnotherImageInitrdOrDisk() throws IOException {
    FileDisk disk = disk("a", 1024);
    RunStarted header = describe(config(BARE, disk));

    GuestProgram other = new GuestAssembler().emit(0x90).end().program("other");
    assertRefused(
        header,
        new MachineParts(other, disk),
        "the guest is not the recorded one: image=other sha256 expected=",
        "give the file that the run was recorded with: --guest");
    assertRefused(
        header,
        new MachineParts(BARE, disk("b", 2048)),
        "the disk is not the recorded one: image=b bytes expected=1024 actual=2048",
        "--disk");
    Path changed = Files.write(dir.resolve("c"), new byte[1024]);
    Files.write(changed, "x".repeat(1024).getBytes(java.nio.charset.StandardCharsets.US_ASCII));
    assertRefused(
        header,
        new MachineParts(BARE, FileDisk.read(changed)),
        "the disk is not the recorded one: image=c sha256 expected=",
        "--disk");
    assertRefused(header, new MachineParts(BARE, null), "disk expected=present actual=none");
    assertRefused(
        describe(config(BARE, null)),
        new MachineParts(BARE, disk),
        "disk expected=none actual=present");
  }

  @Test
  void refusesAnotherKernelOrInitrd() {
    byte[] initrd = {1, 2, 3};
    RunStarted header =
        with(describe(config(BARE, null)), new LinuxGuest(KERNEL, initrd), Machine.VERSION);

    KernelFile other = KernelFile.parse("other", SyntheticKernel.vmlinux(new byte[] {0x0f, 0x32}));
    assertRefused(
        header,
        new MachineParts(new LinuxGuest(other, initrd), null),
        "the kernel is not the recorded one: image=other sha256 expected=",
        "--kernel");
    assertRefused(
        header,
        new MachineParts(new LinuxGuest(KERNEL, new byte[] {9}), null),
        "the initrd is not the recorded one: sha256 expected=",
        "--initrd");
    assertRefused(
        header, new MachineParts(LINUX, null), "the initrd is not the recorded one", "actual=none");
  }

  @Test
  void refusesAClockThatTheHostCannotFollow() {
    RunStarted header = describe(config(BARE, null));
    RunClock best = RunClock.bestOf(kvm);
    String missing = best.windows() ? "exit+instructions" : "exit+window";
    assumeTrue(!best.name().startsWith(missing), "the host offers everything");
    MachineParts parts = new MachineParts(BARE, null);

    assertRefused(
        by(header, missing),
        parts,
        "this host cannot repeat the run: clock expected=" + missing + " actual=" + best.name(),
        "'understudy probe'");
    assertRefused(
        by(header, "exit+branches"), parts, "no logical clock has this name: exit+branches");
    assertThat(RunHeader.accept(kvm, by(header, "exit+transfer"), parts).clock().transfers())
        .as("needs nothing of the host")
        .isTrue();
  }

  @Test
  void namesTheVersionFirst_whateverElseDiffers() {
    RunStarted header = with(describe(config(BARE, null)), LINUX, Machine.VERSION + 1);

    assertRefused(
        header,
        new MachineParts(BARE, null),
        "recorded by machine version " + (Machine.VERSION + 1),
        "this is version " + Machine.VERSION);
  }

  @Test
  void beginsLinuxOnlyWhereItIsDeterministic() {
    boolean masked = CpuModel.of(kvm).masked();
    boolean windows = HostProbe.hasExactInterruptWindow(kvm);
    MachineConfig config =
        new MachineConfig(
            LINUX, MEMORY, "", 0, 0, RunClock.bestOf(kvm), null, "", Attachments.UART);
    if (masked && windows) {
      assertThatCode(() -> RunHeader.requireFit(kvm, LINUX)).doesNotThrowAnyException();
      assertThat(describe(config).attachments().boot()).isEqualTo(Attachments.LINUX);
    } else {
      String reason =
          masked ? "does not report exactly where a guest enables" : "features of the processor";
      assertThatExceptionOfType(RunRefusedException.class)
          .isThrownBy(() -> RunHeader.requireFit(kvm, LINUX))
          .withMessageStartingWith("this host cannot run Linux guests: ")
          .withMessageContaining(reason);
      assertThatExceptionOfType(RunRefusedException.class)
          .isThrownBy(() -> describe(config))
          .withMessageContaining(reason);
    }
    assertThatCode(() -> RunHeader.requireFit(kvm, BARE)).doesNotThrowAnyException();
  }

  private void assertRefused(RunStarted header, MachineParts parts, String... messageParts) {
    assertThatExceptionOfType(RunRefusedException.class)
        .isThrownBy(() -> RunHeader.accept(kvm, header, parts))
        .extracting(Throwable::getMessage)
        .asString()
        .contains(messageParts);
  }

  private RunStarted describe(MachineConfig config) {
    return RunHeader.describe(kvm, config, "guest", 1, "stream", new TreeMap<>(), "node");
  }

  private static MachineConfig config(GuestProgram program, FileDisk disk) {
    return new MachineConfig(program, MEMORY, "", 0, 0, RunClock.EXIT, disk, "", Attachments.UART);
  }

  private static RunStarted by(RunStarted header, String clock) {
    return with(header, BARE, Machine.VERSION, clock);
  }

  /** The same header with another program, which this host might not begin. */
  private static RunStarted with(RunStarted header, GuestProgram program, int version) {
    return with(header, program, version, header.clock());
  }

  private static RunStarted with(
      RunStarted header, GuestProgram program, int version, String clock) {
    return new RunStarted(
        header.partitions(),
        header.memoryBytes(),
        header.guest(),
        program.sha256(),
        header.commandLine(),
        header.cpuModel(),
        clock,
        header.consoleMode(),
        header.wallClockEpochMillis(),
        header.seed(),
        version,
        version,
        header.hostFacts(),
        header.node(),
        new Attachments(program.boot(), program.initrdSha256(), null, "", Attachments.UART));
  }

  private FileDisk disk(String name, int bytes) throws IOException {
    return FileDisk.read(Files.write(dir.resolve(name), new byte[bytes]));
  }
}
