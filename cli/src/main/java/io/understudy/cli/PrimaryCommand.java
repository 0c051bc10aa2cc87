package io.understudy.cli;

import io.understudy.failover.node.NewRun;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Starts a new run of a VM and leads it. */
@Command(name = "primary", description = "Start a new run of a VM and lead it.")
final class PrimaryCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private OneVmOptions node;
  @Mixin private NewRunOptions run;

  @Override
  public Integer call() throws InterruptedException {
    NewRun begun = newRun();
    return node.run(started -> started.runPrimary(begun), spec.commandLine().getErr());
  }

  NewRun newRun() {
    return run.newRun(node.guest().files(), node.vm(), !node.tap().isEmpty());
  }
}
