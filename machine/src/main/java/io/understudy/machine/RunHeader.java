package io.understudy.machine;

import io.understudy.kvm.HostProbe;
import io.understudy.kvm.Kvm;
import io.understudy.schemas.Attachments;
import io.understudy.schemas.GuestEvent.RunStarted;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.SortedMap;

/** Between a machine's configuration and the header of the run that was recorded with it. */
public final class RunHeader {
  /** The position clock that counts the guest's own exits; interrupts enter there. */
  public static final String EXIT_CLOCK = "exit";

  /** The same, and interrupts also enter where the guest enables them. */
  public static final String WINDOW_CLOCK = "exit+window";

  private RunHeader() {}

  /**
   * The header of a run that begins here.
   *
   * @param guest name under which the image is found again
   * @param partitions over how many partitions the log is striped
   * @param consoleMode how the console frames its bytes
   * @param hostFacts for people only
   * @param node name of this node
   * @throws RunRefusedException if the guest would not be deterministic on this host
   */
  public static RunStarted describe(
      Kvm kvm,
      MachineConfig config,
      String guest,
      int partitions,
      String consoleMode,
      SortedMap<String, String> hostFacts,
      String node) {
    CpuModel cpu = CpuModel.of(kvm);
    if (config.program() instanceof LinuxGuest) {
      requireFitForLinux(cpu, config.interruptWindows());
    }
    return new RunStarted(
        partitions,
        config.memoryBytes(),
        guest,
        config.program().sha256(),
        config.commandLine(),
        cpu.name(),
        config.interruptWindows() ? WINDOW_CLOCK : EXIT_CLOCK,
        consoleMode,
        config.wallClockEpochMillis(),
        config.seed(),
        Machine.VERSION,
        Machine.VERSION,
        hostFacts,
        node,
        config.attachments());
  }

  private static void requireFitForLinux(CpuModel cpu, boolean interruptWindows) {
    if (!cpu.masked()) {
      throw new RunRefusedException(
          "this host cannot run Linux guests: its KVM shows guests features of the processor that"
              + " were masked, so that programs would use the time stamp counter, RDRAND and"
              + " others, and not be deterministic: cpuModel="
              + cpu.name()
              + "; use a host with VMX or SVM, or the lab (docs/testing.md)");
    }
    if (!interruptWindows) {
      throw new RunRefusedException(
          "this host cannot run Linux guests: its KVM does not report exactly where a guest enables"
              + " interrupts; 'understudy probe' shows what it does");
    }
  }

  /**
   * The configuration of a machine that repeats a recorded run.
   *
   * @param parts what this host has of what the header names
   * @throws RunRefusedException if a machine made of it would not be the one that was recorded
   */
  public static MachineConfig accept(Kvm kvm, RunStarted header, MachineParts parts) {
    Attachments recorded = header.attachments();
    requireImage(recorded.boot(), header.imageSha256(), parts.program());
    require("boot", recorded.boot(), parts.program().boot());
    require("initrd sha256", recorded.initrdSha256(), parts.program().initrdSha256());
    if (recorded.disk() != null && parts.disk() != null) {
      Attachments.Disk disk = parts.disk().description();
      require("disk bytes", "" + recorded.disk().bytes(), "" + disk.bytes());
      require("disk sha256", recorded.disk().sha256(), disk.sha256());
    }
    require("disk", "" + (recorded.disk() != null), "" + (parts.disk() != null));
    require("cpuModel", header.cpuModel(), CpuModel.of(kvm).name());
    boolean windows = header.clock().equals(WINDOW_CLOCK);
    if (windows && !HostProbe.hasExactInterruptWindow(kvm)) {
      require("clock", header.clock(), EXIT_CLOCK);
    }
    if (!windows) {
      require("clock", EXIT_CLOCK, header.clock());
    }
    if (header.minimumReplayerVersion() > Machine.VERSION
        || header.machineVersion() != Machine.VERSION) {
      throw new RunRefusedException(
          "the run was recorded by machine version "
              + header.machineVersion()
              + " and needs a replayer of at least "
              + header.minimumReplayerVersion()
              + "; this is version "
              + Machine.VERSION);
    }
    return new MachineConfig(
        parts.program(),
        header.memoryBytes(),
        header.commandLine(),
        header.wallClockEpochMillis(),
        header.seed(),
        windows,
        parts.disk(),
        recorded.macAddress(),
        recorded.consoleDevice());
  }

  private static void requireImage(String boot, byte[] expected, GuestProgram program) {
    if (!Arrays.equals(expected, program.sha256())) {
      throw new RunRefusedException(
          "the guest's "
              + (boot.equals(Attachments.LINUX) ? "kernel" : "image")
              + " is not the recorded one: image="
              + program.name()
              + " sha256 expected="
              + HexFormat.of().formatHex(expected)
              + " actual="
              + HexFormat.of().formatHex(program.sha256())
              + "; give the image that the run was recorded with");
    }
  }

  private static void require(String what, String expected, String actual) {
    if (!expected.equals(actual)) {
      throw new RunRefusedException(
          "this host cannot repeat the run: "
              + what
              + " expected="
              + expected
              + " actual="
              + actual);
    }
  }
}
