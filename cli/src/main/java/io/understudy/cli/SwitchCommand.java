package io.understudy.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.understudy.failover.operator.RunDesk;
import io.understudy.failover.operator.Switchover;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Moves the leadership of a VM to another node. */
@Command(
    name = "switch",
    description = {
      "Let a standby lead now, on purpose. Refused when it does not follow closely.",
      "The node that led becomes its standby if it is one of 'understudy node'."
    })
final class SwitchCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private OrderOptions order;

  @Option(
      names = "--to",
      paramLabel = "NODE",
      description = "Who shall lead; the standby that is furthest when not given.")
  private String to;

  @Option(names = "--force", description = "Even if the standby does not follow closely.")
  private boolean force;

  @Override
  public Integer call() {
    return order.run(this::switchOver, SwitchCommand::text, spec.commandLine().getOut());
  }

  private ObjectNode switchOver(RunDesk desk) {
    Switchover.Result done = new Switchover(desk).run(to, force, order.order());
    ObjectNode result =
        order.result().put("from", done.from()).put("to", done.to()).put("term", done.term());
    if (done.pauseMillis().isPresent()) {
      result.put("pauseMillis", done.pauseMillis().getAsLong());
    } else {
      result.putNull("pauseMillis");
    }
    return result.put("totalMillis", done.totalMillis());
  }

  private static String text(ObjectNode done) {
    return String.format(
        "switched over: vm=%s from=%s to=%s term=%d pauseMillis=%s totalMillis=%d",
        done.get("vm").asText(),
        done.get("from").asText(),
        done.get("to").asText(),
        done.get("term").asLong(),
        done.get("pauseMillis").isNull() ? "unseen" : done.get("pauseMillis").asText(),
        done.get("totalMillis").asLong());
  }
}
