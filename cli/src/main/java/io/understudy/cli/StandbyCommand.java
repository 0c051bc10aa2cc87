package io.understudy.cli;

import io.understudy.failover.node.Node;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Follows a VM's run and takes it over when ordered. */
@Command(
    name = "standby",
    description = "Follow the run of a VM, and lead it when a coordinator orders so.")
final class StandbyCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private OneVmOptions node;

  @Override
  public Integer call() throws InterruptedException {
    return node.run(Node::runStandby, spec.commandLine().getErr());
  }
}
