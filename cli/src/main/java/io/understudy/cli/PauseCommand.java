package io.understudy.cli;

import io.understudy.failover.operator.Lives;
import io.understudy.schemas.ControlOrder.Life;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Let the guest of a VM stand still, and its time with it, until 'resume'. */
@Command(
    name = "pause",
    description = "Let the guest of a VM stand still, and its time with it, until 'resume'.")
final class PauseCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private OrderOptions order;

  @Override
  public Integer call() {
    return order.run(
        desk -> order.result().put("life", Lives.order(desk, Life.PAUSE, order.order())),
        done -> done.get("life").asText() + ": vm=" + done.get("vm").asText(),
        spec.commandLine().getOut());
  }
}
