package io.understudy.cli;

import io.understudy.schemas.VmId;
import picocli.CommandLine.Option;

/** The virtual machine of a command that is about one. */
final class VmOption {
  @Option(
      names = "--vm",
      required = true,
      paramLabel = "ID",
      description = "The virtual machine.",
      converter = Converters.ToVmId.class)
  private VmId vm;

  VmId id() {
    return vm;
  }
}
