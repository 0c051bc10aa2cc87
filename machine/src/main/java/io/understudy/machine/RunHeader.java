package io.understudy.machine;

import io.understudy.kvm.HostProbe;
import io.understudy.kvm.Kvm;
import io.understudy.machine.disk.FileDisk;
import io.understudy.schemas.Attachments;
import io.understudy.schemas.GuestEvent.RunStarted;
import java.util.HexFormat;
import java.util.SortedMap;

/** Between a machine's configuration and the header of the run that was recorded with it. */
public final class RunHeader {
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
      requireFitForLinux(cpu, config.clock().windows());
    }
    return new RunStarted(
        partitions,
        config.memoryBytes(),
        guest,
        config.program().sha256(),
        config.commandLine(),
        cpu.name(),
        config.clock().name(),
        consoleMode,
        config.wallClockEpochMillis(),
        config.seed(),
        Machine.VERSION,
        Machine.VERSION,
        hostFacts,
        node,
        config.attachments());
  }

  /**
   * Finds out, before anything is started, whether a new run of {@code program} would be
   * deterministic here.
   *
   * @throws RunRefusedException if not; the message says what this host does not have
   */
  public static void requireFit(Kvm kvm, GuestProgram program) {
    CpuModel cpu = CpuModel.of(kvm);
    if (program instanceof LinuxGuest) {
      requireFitForLinux(cpu, HostProbe.hasExactInterruptWindow(kvm));
    }
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
    requireVersion(header);
    Attachments recorded = header.attachments();
    requireImage(recorded.boot(), header.imageSha256(), parts.program());
    require("boot", recorded.boot(), parts.program().boot(), "");
    requireFile("initrd", "", recorded.initrdSha256(), parts.program().initrdSha256());
    requireDisk(recorded.disk(), parts.disk());
    require(
        "cpuModel",
        header.cpuModel(),
        CpuModel.of(kvm).name(),
        "; it takes a host whose processor and KVM show guests the same");
    RunClock clock = clock(header);
    clock.requireOn(kvm);
    return new MachineConfig(
        parts.program(),
        header.memoryBytes(),
        header.commandLine(),
        header.wallClockEpochMillis(),
        header.seed(),
        clock,
        parts.disk(),
        recorded.macAddress(),
        recorded.consoleDevice());
  }

  private static RunClock clock(RunStarted header) {
    try {
      return RunClock.parse(header.clock());
    } catch (IllegalArgumentException unknown) {
      throw new RunRefusedException("this build cannot repeat the run: " + unknown.getMessage());
    }
  }

  private static void requireVersion(RunStarted header) {
    if (header.minimumReplayerVersion() > Machine.VERSION
        || header.machineVersion() != Machine.VERSION) {
      throw new RunRefusedException(
          "the run was recorded by machine version "
              + header.machineVersion()
              + " and needs a replayer of at least "
              + header.minimumReplayerVersion()
              + "; this is version "
              + Machine.VERSION
              + "; take the program that recorded it: "
              + header.hostFacts().getOrDefault("understudy.version", "its version is unknown"));
    }
  }

  private static void requireImage(String boot, byte[] expected, GuestProgram program) {
    String name = " image=" + program.name();
    HexFormat hex = HexFormat.of();
    String actual = hex.formatHex(program.sha256());
    if (boot.equals(Attachments.LINUX)) {
      requireFile("kernel", name, hex.formatHex(expected), actual);
    } else {
      requireFile("guest", name, hex.formatHex(expected), actual);
    }
  }

  private static void requireDisk(Attachments.Disk recorded, FileDisk here) {
    if (recorded == null || here == null) {
      require("disk", presence(recorded), presence(here), "");
      return;
    }
    Attachments.Disk actual = here.description();
    String name = " image=" + actual.name();
    if (recorded.bytes() != actual.bytes()) {
      throw new RunRefusedException(
          "the disk is not the recorded one:"
              + name
              + " bytes expected="
              + recorded.bytes()
              + " actual="
              + actual.bytes()
              + "; give the file that the run was recorded with: --disk");
    }
    requireFile("disk", name, recorded.sha256(), actual.sha256());
  }

  private static String presence(Object part) {
    return part == null ? "none" : "present";
  }

  private static void requireFile(String what, String where, String expected, String actual) {
    if (!expected.equals(actual)) {
      throw new RunRefusedException(
          "the "
              + what
              + " is not the recorded one:"
              + where
              + " sha256 expected="
              + orNone(expected)
              + " actual="
              + orNone(actual)
              + "; give the file that the run was recorded with: --"
              + what);
    }
  }

  private static String orNone(String digest) {
    return digest.isEmpty() ? "none" : digest;
  }

  private static void require(String what, String expected, String actual, String advice) {
    if (!expected.equals(actual)) {
      throw new RunRefusedException(
          "this host cannot repeat the run: "
              + what
              + " expected="
              + expected
              + " actual="
              + actual
              + advice);
    }
  }
}
