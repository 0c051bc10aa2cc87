package io.understudy.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.understudy.failover.operator.Order;
import io.understudy.failover.operator.RunDesk;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.function.Function;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What an operator's orders have in common. */
final class OrderOptions {
  @Mixin private ClusterOptions cluster;

  @Mixin private VmOption vm;

  @Option(
      names = "--reason",
      defaultValue = "an operator wanted it",
      paramLabel = "TEXT",
      description = "Why; it stands in logs and in the control topic.")
  private String reason;

  @Option(
      names = "--timeout",
      defaultValue = "30s",
      paramLabel = "TIME",
      description = "How long to wait for the effect.",
      converter = Converters.ToDuration.class)
  private Duration timeout;

  @Option(names = "--json", description = "Write JSON.")
  private boolean json;

  /** Does {@code work} at the VM's desk and writes what it returns, one way or the other. */
  int run(Function<RunDesk, ObjectNode> work, Function<ObjectNode, String> text, PrintWriter out) {
    Limits.within("--timeout", timeout, Duration.ofSeconds(1), Limits.HOUR);
    try (RunDesk desk = RunDesk.open(cluster.reach(), vm.id())) {
      ObjectNode result = work.apply(desk);
      out.println(json ? Json.pretty(result) : text.apply(result));
      out.flush();
    }
    return ExitCode.OK.code();
  }

  /** An empty result of this VM. */
  ObjectNode result() {
    return Json.object().put("vm", vm.id().text());
  }

  Order order() {
    return new Order(System.getProperty("user.name", "operator"), reason, timeout);
  }
}
