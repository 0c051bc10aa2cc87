package io.understudy.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.understudy.failover.coordinator.ClusterStatus;
import io.understudy.schemas.ControlOrder;
import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.Protection;
import io.understudy.schemas.Retention;
import java.util.Locale;

/** A {@link ClusterStatus} as text for people and as JSON. Stateless. */
final class StatusText {
  private StatusText() {}

  static String table(ClusterStatus status) {
    StringBuilder text = new StringBuilder();
    if (status.vms().isEmpty()) {
      text.append("no VMs in this cluster\n");
    }
    for (ClusterStatus.Vm vm : status.vms()) {
      text.append(
          String.format(
              "VM %s  %s  term %d  leader %s  epoch %d  guest %s  %d MiB  run %s%n",
              vm.directory().vm(),
              vm.directory().status(),
              vm.term(),
              vm.leader().orElse("none"),
              vm.committedEpoch(),
              vm.directory().guest(),
              vm.directory().memoryBytes() >> 20,
              vm.directory().run()));
      text.append(
          String.format(
              "  %-16s %-8s %-10s %5s %10s %12s %8s %8s %10s  %s%n",
              "NODE",
              "ROLE",
              "PHASE",
              "TERM",
              "EPOCH",
              "POSITION",
              "LAG",
              "LAG ms",
              "CHECKPOINT",
              "LAST HEARD"));
      vm.nodes().forEach(node -> text.append(row(node)));
      // What a node said that is dead now protects nothing.
      vm.nodes().stream()
          .filter(ClusterStatus.Node::isHeard)
          .forEach(node -> text.append(protection(node.beat())).append(retention(node.beat())));
      for (ClusterStatus.View view : vm.views()) {
        text.append(
            String.format(
                "  coordinator %s: %s, clients %s%s%n",
                view.coordinator(),
                view.state(),
                view.clients()
                    .map(at -> "at " + at + " (" + view.front().orElse("?") + ")")
                    .orElse("elsewhere"),
                view.isHeard() ? "" : ", not heard for " + age(view.ageMillis())));
      }
      vm.orders().forEach(order -> text.append("  ").append(line(order)).append('\n'));
      text.append('\n');
    }
    for (ClusterStatus.Observer observer : status.coordinators()) {
      text.append(
          String.format(
              "coordinator %s  %s%n",
              observer.name(),
              observer.isHeard() ? "alive" : "not heard for " + age(observer.ageMillis())));
    }
    return text.toString();
  }

  /** An order that stands. */
  private static String line(ControlOrder order) {
    return what(order) + " by " + order.orderedBy() + ": " + order.reason();
  }

  private static String what(ControlOrder order) {
    if (order instanceof ControlOrder.StandbyOrdered standby) {
      return "node " + standby.node() + ": " + (standby.attached() ? "attached" : "detached");
    }
    return "run: ordered to " + ((ControlOrder.LifeOrdered) order).life();
  }

  private static String row(ClusterStatus.Node node) {
    Heartbeat beat = node.beat();
    return String.format(
        "  %-16s %-8s %-10s %5d %10d %12d %8d %8s %10s  %s%n",
        beat.node(),
        beat.role().name().toLowerCase(Locale.ROOT),
        beat.phase(),
        beat.term(),
        beat.epoch(),
        beat.position(),
        node.lagEpochs(),
        node.lagMillis().isPresent() ? node.lagMillis().getAsLong() : "-",
        beat.checkpointEpoch() < 0 ? "-" : beat.checkpointEpoch(),
        node.isHeard() ? "now" : age(node.ageMillis()) + " ago");
  }

  /** A line for a primary that said what protects its run, nothing for others. */
  private static String protection(Heartbeat beat) {
    if (beat.protection() == Protection.UNKNOWN) {
      return "";
    }
    String throttle =
        beat.throttlePermille() == 0
            ? ""
            : String.format(
                Locale.ROOT,
                ", guest held back %.1f %% of the time",
                beat.throttlePermille() / 10.0);
    return "  protection by " + beat.node() + ": " + beat.protection() + throttle + "\n";
  }

  /** A line for a primary that was told to keep its log short. */
  private static String retention(Heartbeat beat) {
    if (beat.retention() == Retention.UNKNOWN || beat.retention() == Retention.OFF) {
      return "";
    }
    String begins =
        beat.logFirstEpoch() < 0 ? "" : ", the log begins with epoch " + beat.logFirstEpoch();
    return "  retention by " + beat.node() + ": " + beat.retention() + begins + "\n";
  }

  private static String age(long millis) {
    if (millis < 10_000) {
      return millis + " ms";
    }
    long seconds = millis / 1000;
    return seconds < 600 ? seconds + " s" : seconds / 60 + " min";
  }

  static ObjectNode json(ClusterStatus status) {
    ObjectNode root = Json.object();
    ArrayNode vms = root.putArray("vms");
    status.vms().forEach(vm -> fill(vms.addObject(), vm));
    ArrayNode coordinators = root.putArray("coordinators");
    for (ClusterStatus.Observer observer : status.coordinators()) {
      coordinators
          .addObject()
          .put("name", observer.name())
          .put("incarnation", observer.incarnation().toString())
          .put("heard", observer.isHeard())
          .put("ageMillis", observer.ageMillis());
    }
    return root;
  }

  private static void fill(ObjectNode json, ClusterStatus.Vm vm) {
    json.put("vm", vm.directory().vm())
        .put("run", vm.directory().run().toString())
        .put("status", vm.directory().status().name())
        .put("guest", vm.directory().guest())
        .put("memoryBytes", vm.directory().memoryBytes())
        .put("partitions", vm.directory().partitions())
        .put("startedAtMillis", vm.directory().startedAtMillis())
        .put("term", vm.term())
        .put("leader", vm.leader().orElse(null))
        .put("committedEpoch", vm.committedEpoch());
    ObjectNode ends = json.putObject("logEnd");
    vm.logEnd()
        .ifPresent(
            end ->
                end.offsets()
                    .forEach((partition, offset) -> ends.put(partition.toString(), offset)));
    ArrayNode nodes = json.putArray("nodes");
    vm.nodes().forEach(node -> fill(nodes.addObject(), node));
    ArrayNode orders = json.putArray("orders");
    for (ControlOrder order : vm.orders()) {
      ObjectNode object = orders.addObject();
      if (order instanceof ControlOrder.StandbyOrdered standby) {
        object.put("node", standby.node()).put("attached", standby.attached());
      } else if (order instanceof ControlOrder.LifeOrdered life) {
        object.put("life", life.life().name());
      }
      object
          .put("by", order.orderedBy())
          .put("reason", order.reason())
          .put("atMillis", order.orderedAtMillis());
    }
    ArrayNode views = json.putArray("views");
    for (ClusterStatus.View view : vm.views()) {
      views
          .addObject()
          .put("coordinator", view.coordinator())
          .put("heard", view.isHeard())
          .put("ageMillis", view.ageMillis())
          .put("state", view.state())
          .put("front", view.front().orElse(null))
          .put("clients", view.clients().map(Object::toString).orElse(null));
    }
  }

  private static void fill(ObjectNode json, ClusterStatus.Node node) {
    Heartbeat beat = node.beat();
    json.put("node", beat.node())
        .put("incarnation", beat.incarnation().toString())
        .put("role", beat.role().name())
        .put("phase", beat.phase())
        .put("term", beat.term())
        .put("epoch", beat.epoch())
        .put("position", beat.position())
        .put("checkpointEpoch", beat.checkpointEpoch())
        .put(
            "console",
            beat.consolePort() == 0 ? null : beat.consoleHost() + ":" + beat.consolePort())
        .put("digestsVerified", beat.digestsVerified())
        .put("digestMismatches", beat.digestMismatches())
        .put("protection", beat.protection().name())
        .put("throttlePermille", beat.throttlePermille())
        .put("retention", beat.retention().name())
        .put("logFirstEpoch", beat.logFirstEpoch())
        .put("heard", node.isHeard())
        .put("ageMillis", node.ageMillis())
        .put("lagEpochs", node.lagEpochs());
    if (node.lagMillis().isPresent()) {
      json.put("lagMillis", node.lagMillis().getAsLong());
    } else {
      json.putNull("lagMillis");
    }
  }
}
