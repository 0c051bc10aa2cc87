package io.understudy.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.understudy.failover.operator.Attachment;
import io.understudy.failover.operator.RunDesk;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Let a node follow the run of a VM. */
@Command(name = "attach", description = "Let a node follow the run of a VM.")
final class AttachCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private OrderOptions order;

  @Option(
      names = "--node",
      required = true,
      paramLabel = "NAME",
      description = "The node; a process of 'understudy node'.")
  private String node;

  @Override
  public Integer call() {
    return order.run(
        this::attach,
        done -> "attached: vm=" + done.get("vm").asText() + " node=" + node,
        spec.commandLine().getOut());
  }

  private ObjectNode attach(RunDesk desk) {
    Attachment.attach(desk, node, order.order());
    return order.result().put("node", node).put("attached", true);
  }
}
