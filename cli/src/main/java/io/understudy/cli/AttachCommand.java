package io.understudy.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Let a node follow the run of a VM. */
@Command(name = "attach", description = "Let a node follow the run of a VM.")
final class AttachCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private AttachmentOptions attachment;

  @Override
  public Integer call() {
    return attachment.run(true, spec.commandLine().getOut());
  }
}
