package io.understudy.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.understudy.failover.operator.Attachment;
import io.understudy.failover.operator.RunDesk;
import java.io.PrintWriter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What 'attach' and 'detach' have in common: the order, and the node that it is about. */
final class AttachmentOptions {
  @Mixin private OrderOptions order;

  @Option(
      names = "--node",
      required = true,
      paramLabel = "NAME",
      description = "The node; a process of 'understudy node'.")
  private String node;

  /** Tells the node to follow the run of the VM, or not to, and waits until it does. */
  int run(boolean attached, PrintWriter out) {
    return order.run(desk -> tell(desk, attached), AttachmentOptions::text, out);
  }

  private ObjectNode tell(RunDesk desk, boolean attached) {
    ObjectNode result = order.result().put("node", node).put("attached", attached);
    if (attached) {
      Attachment.attach(desk, node, order.order());
    } else {
      result.put("followed", Attachment.detach(desk, node, order.order()));
    }
    return result;
  }

  private static String text(ObjectNode result) {
    String which = ": vm=" + result.get("vm").asText() + " node=" + result.get("node").asText();
    if (result.get("attached").asBoolean()) {
      return "attached" + which;
    }
    return "detached"
        + which
        + (result.get("followed").asBoolean()
            ? ""
            : ": no node of that name was heard; the order stands for when it starts");
  }
}
