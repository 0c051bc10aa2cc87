package io.understudy.cli;

import io.understudy.failover.operator.Lives;
import io.understudy.schemas.ControlOrder.Life;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** End the run of a VM for good. */
@Command(name = "stop", description = "End the run of a VM for good.")
final class StopCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private OrderOptions order;

  @Override
  public Integer call() {
    return order.run(
        desk -> order.result().put("life", Lives.order(desk, Life.STOP, order.order())),
        done -> done.get("life").asText() + ": vm=" + done.get("vm").asText(),
        spec.commandLine().getOut());
  }
}
