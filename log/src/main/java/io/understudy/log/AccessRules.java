package io.understudy.log;

import io.understudy.schemas.Topics;
import io.understudy.schemas.VmId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;

/**
 * The fewest permissions on a cluster with which each role can do its work, with the reason for
 * each. Permissions to read, write or delete imply the one to describe, so that is named only where
 * it stands alone.
 *
 * <p>The topics must exist, made by an operator: nobody else may create any. No role needs a
 * consumer group or a permission on the cluster.
 *
 * <p><b>A standby has the permissions of a primary,</b> the right to write the log included: it
 * must be able to take the transactional id over at a moment when nobody is there to give it
 * anything. Which of them leads is decided by Kafka's fence, not by permissions. A node that must
 * never lead is none; give its principal the role {@link AccessRole#AUDITOR}.
 *
 * <p><b>Without a VM's id</b> nodes may not delete outdated snapshots: no pattern names the
 * snapshots of all VMs without their logs.
 */
public final class AccessRules {
  private static final String ALL_VMS = "understudy.";

  private AccessRules() {}

  /**
   * One permission.
   *
   * @param type of the resource
   * @param name of the resource, or the beginning of its name
   * @param pattern which of the two
   * @param operation what is allowed
   * @param why one sentence for people
   */
  public record Rule(
      ResourceType type, String name, PatternType pattern, AclOperation operation, String why) {
    /** The rule as Kafka's own tools and clients know it, from any host. */
    public AclBinding binding(String principal) {
      return new AclBinding(
          new ResourcePattern(type, name, pattern),
          new AccessControlEntry(principal, "*", operation, AclPermissionType.ALLOW));
    }
  }

  /**
   * What {@code role} needs.
   *
   * @param vm for one VM; empty for all there are and will be
   * @throws IllegalArgumentException if the VM's prefix would cover a topic of all VMs
   */
  public static List<Rule> of(AccessRole role, Optional<VmId> vm) {
    String prefix = vm.map(AccessRules::prefix).orElse(ALL_VMS);
    Builder rules = new Builder();
    switch (role) {
      case PRIMARY -> node(rules, vm, prefix, "orders about the run's life, and for snapshots");
      case STANDBY -> node(rules, vm, prefix, "the order to take over");
      case COORDINATOR -> coordinator(rules, prefix);
      case OPERATOR -> operator(rules, prefix);
      case AUDITOR -> auditor(rules, prefix);
    }
    return List.copyOf(rules.rules);
  }

  /** What of that is about the topics that all VMs share. */
  static List<Rule> ofShared(AccessRole role) {
    return of(role, Optional.empty()).stream()
        .filter(rule -> rule.pattern() == PatternType.LITERAL && shared().contains(rule.name()))
        .toList();
  }

  /**
   * What a node needs besides to shorten the log of its VM by itself. Kafka knows no permission for
   * that alone: it is the one to delete the topic.
   */
  public static List<Rule> retention(VmId vm) {
    Builder rules = new Builder();
    rules.topic(
        Topics.events(vm), AclOperation.DELETE, "delete events that need not be kept (--retain)");
    return List.copyOf(rules.rules);
  }

  private static String prefix(VmId vm) {
    String prefix = Topics.transactionalId(vm) + ".";
    for (String shared : shared()) {
      if (shared.startsWith(prefix)) {
        throw new IllegalArgumentException(
            "the VM's id makes its permissions cover a topic of all VMs; choose another: vm="
                + vm
                + " topic="
                + shared);
      }
    }
    return prefix;
  }

  private static List<String> shared() {
    return List.of(Topics.VMS, Topics.CONTROL, Topics.HEARTBEATS, Topics.SCHEMAS);
  }

  private static void node(Builder rules, Optional<VmId> vm, String prefix, String orders) {
    rules.add(
        ResourceType.TRANSACTIONAL_ID,
        vm.map(Topics::transactionalId).orElse(prefix),
        vm.isPresent() ? PatternType.LITERAL : PatternType.PREFIXED,
        AclOperation.WRITE,
        "fence the log and write it in transactions");
    rules.prefixed(prefix, AclOperation.WRITE, "write events");
    rules.prefixed(prefix, AclOperation.READ, "follow the log, and see whether there is a run");
    rules.prefixed(prefix, AclOperation.DESCRIBE_CONFIGS, "refuse topics that would lose events");
    rules.topic(Topics.HEARTBEATS, AclOperation.WRITE, "say that the node lives");
    rules.topic(Topics.HEARTBEATS, AclOperation.READ, "hear how far the other nodes are");
    rules.topic(Topics.VMS, AclOperation.WRITE, "name the run and its leader");
    rules.topic(
        Topics.VMS,
        AclOperation.READ,
        "see whether the run has ended, and watch leaders where there is no coordinator");
    rules.topic(Topics.CONTROL, AclOperation.READ, "hear " + orders);
    rules.topic(
        Topics.CONTROL, AclOperation.WRITE, "ask for snapshots, and end a start that lost a race");
    // Nothing can name the snapshots of all VMs but not their logs.
    vm.ifPresent(
        one ->
            rules.topic(
                Topics.snapshots(one), AclOperation.DELETE, "delete snapshots that are outdated"));
    rules.topic(Topics.SCHEMAS, AclOperation.WRITE, "publish the schemas that are written with");
    checkShared(rules);
  }

  private static void coordinator(Builder rules, String prefix) {
    rules.prefixed(prefix, AclOperation.DESCRIBE, "see how far logs are committed");
    rules.topic(Topics.HEARTBEATS, AclOperation.READ, "hear nodes and its own probe");
    rules.topic(Topics.HEARTBEATS, AclOperation.WRITE, "send its probe and its view");
    rules.topic(Topics.VMS, AclOperation.READ, "know which runs there are");
    rules.topic(Topics.CONTROL, AclOperation.READ, "see other coordinators' orders");
    rules.topic(Topics.CONTROL, AclOperation.WRITE, "order promotions");
    rules.topic(Topics.SCHEMAS, AclOperation.WRITE, "publish the schemas that are written with");
    checkShared(rules);
  }

  private static void operator(Builder rules, String prefix) {
    rules.prefixed(prefix, AclOperation.CREATE, "create a VM's topics");
    rules.prefixed(prefix, AclOperation.DELETE, "delete a VM's history");
    rules.prefixed(prefix, AclOperation.DESCRIBE_CONFIGS, "refuse topics that would lose events");
    for (String topic : shared()) {
      rules.topic(topic, AclOperation.CREATE, "create it where it is missing");
    }
    rules.topic(Topics.HEARTBEATS, AclOperation.READ, "show the status");
    rules.topic(Topics.VMS, AclOperation.READ, "show the status");
    rules.topic(Topics.CONTROL, AclOperation.READ, "show the status");
    rules.topic(Topics.CONTROL, AclOperation.WRITE, "give orders");
    rules.topic(Topics.SCHEMAS, AclOperation.WRITE, "publish the schemas that are written with");
    checkShared(rules);
  }

  private static void auditor(Builder rules, String prefix) {
    rules.prefixed(prefix, AclOperation.READ, "read, check and replay logs, and read snapshots");
    rules.topic(
        Topics.SCHEMAS, AclOperation.READ, "decode logs with programs that have no schemas");
    rules.topic(Topics.HEARTBEATS, AclOperation.READ, "show the status");
    rules.topic(Topics.VMS, AclOperation.READ, "show the status");
    rules.topic(Topics.CONTROL, AclOperation.READ, "show the status");
  }

  private static void checkShared(Builder rules) {
    for (String topic : shared()) {
      rules.topic(topic, AclOperation.DESCRIBE_CONFIGS, "refuse a topic that is not compacted");
    }
  }

  /** Collects rules. */
  private static final class Builder {
    private final List<Rule> rules = new ArrayList<>();

    private void add(
        ResourceType type, String name, PatternType pattern, AclOperation operation, String why) {
      rules.add(new Rule(type, name, pattern, operation, why));
    }

    private void topic(String name, AclOperation operation, String why) {
      add(ResourceType.TOPIC, name, PatternType.LITERAL, operation, why);
    }

    private void prefixed(String prefix, AclOperation operation, String why) {
      add(ResourceType.TOPIC, prefix, PatternType.PREFIXED, operation, why);
    }
  }
}
