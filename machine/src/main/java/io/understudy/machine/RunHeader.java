package io.understudy.machine;

import io.understudy.kvm.Kvm;
import io.understudy.schemas.GuestEvent.RunStarted;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.SortedMap;

/** Between a machine's configuration and the header of the run that was recorded with it. */
public final class RunHeader {
  /** The position clock that counts the guest's own exits. */
  public static final String EXIT_CLOCK = "exit";

  private RunHeader() {}

  /**
   * The header of a run that begins here.
   *
   * @param guest name under which the image is found again
   * @param partitions over how many partitions the log is striped
   * @param consoleMode how the console frames its bytes
   * @param hostFacts for people only
   * @param node name of this node
   */
  public static RunStarted describe(
      Kvm kvm,
      MachineConfig config,
      String guest,
      int partitions,
      String consoleMode,
      SortedMap<String, String> hostFacts,
      String node) {
    return new RunStarted(
        partitions,
        config.memoryBytes(),
        guest,
        config.image().sha256(),
        config.commandLine(),
        CpuModel.name(kvm),
        EXIT_CLOCK,
        consoleMode,
        config.wallClockEpochMillis(),
        0,
        Machine.VERSION,
        Machine.VERSION,
        hostFacts,
        node);
  }

  /**
   * The configuration of a machine that repeats a recorded run.
   *
   * @param image what this host has under the header's guest name
   * @throws RunRefusedException if a machine made of it would not be the one that was recorded
   */
  public static MachineConfig accept(Kvm kvm, RunStarted header, GuestImage image) {
    if (!Arrays.equals(header.imageSha256(), image.sha256())) {
      throw new RunRefusedException(
          "the guest's image is not the recorded one: image="
              + image.name()
              + " sha256 expected="
              + HexFormat.of().formatHex(header.imageSha256())
              + " actual="
              + image.sha256Hex()
              + "; give the image that the run was recorded with");
    }
    require("clock", EXIT_CLOCK, header.clock());
    require("cpuModel", header.cpuModel(), CpuModel.name(kvm));
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
        image, header.memoryBytes(), header.commandLine(), header.wallClockEpochMillis());
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
