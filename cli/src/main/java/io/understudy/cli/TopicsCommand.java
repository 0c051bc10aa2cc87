package io.understudy.cli;

import io.understudy.log.LogTopics;
import io.understudy.schemas.VmId;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Creates, shows and deletes the topics of a VM. */
@Command(
    name = "topics",
    description = "Create, show and delete the topic of a VM.",
    subcommands = {
      TopicsCommand.Create.class,
      TopicsCommand.Describe.class,
      TopicsCommand.Delete.class
    })
final class TopicsCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "no action given: create, describe or delete");
  }

  /** What all three need. */
  private static final class Target {
    @Mixin private ClusterOptions cluster;

    @Mixin private VmOption vm;

    private LogTopics open() {
      return new LogTopics(cluster.reach());
    }
  }

  /** Creates a VM's topic, and the shared ones where they are missing. */
  @Command(
      name = "create",
      description = "Create the topic of a VM, and the shared ones where they are missing.")
  static final class Create implements Callable<Integer> {
    @Spec private CommandSpec spec;
    @Mixin private Target target;

    @Option(
        names = "--partitions",
        defaultValue = "4",
        paramLabel = "N",
        description = "Partitions of the VM's log.")
    private int partitions;

    @Override
    public Integer call() {
      if (partitions < 1) {
        throw new ParameterException(
            spec.commandLine(), "--partitions must be at least 1, is " + partitions);
      }
      try (LogTopics topics = target.open()) {
        topics.checkCluster();
        topics.createShared();
        topics.create(target.vm.id(), partitions);
        show(topics, topics.describeNew(target.vm.id()), target.vm.id(), false, spec);
        return ExitCode.OK.code();
      }
    }
  }

  /** Shows a VM's topic. */
  @Command(name = "describe", description = "Show the topic of a VM; 6 when it has none.")
  static final class Describe implements Callable<Integer> {
    @Spec private CommandSpec spec;
    @Mixin private Target target;

    @Option(names = "--json", description = "Write JSON.")
    private boolean json;

    @Override
    public Integer call() {
      try (LogTopics topics = target.open()) {
        Optional<LogTopics.EventTopic> found = topics.describe(target.vm.id());
        if (found.isEmpty()) {
          spec.commandLine().getErr().println("this VM has no topic: vm=" + target.vm.id());
          return ExitCode.LOG.code();
        }
        show(topics, found.get(), target.vm.id(), json, spec);
        return ExitCode.OK.code();
      }
    }
  }

  /** Deletes a VM's topic. */
  @Command(
      name = "delete",
      description = "Delete the topic of a VM and with it the history of its run.")
  static final class Delete implements Callable<Integer> {
    @Spec private CommandSpec spec;
    @Mixin private Target target;

    @Option(names = "--yes", description = "Must be given: nothing brings the history back.")
    private boolean yes;

    @Override
    public Integer call() {
      if (!yes) {
        throw new ParameterException(
            spec.commandLine(),
            "this deletes the history of the run for good: vm=" + target.vm.id() + ": add --yes");
      }
      try (LogTopics topics = target.open()) {
        boolean existed = topics.exists(target.vm.id());
        topics.delete(target.vm.id());
        PrintWriter err = spec.commandLine().getErr();
        err.println((existed ? "deleted: vm=" : "there was no topic: vm=") + target.vm.id());
        err.flush();
      }
      return ExitCode.OK.code();
    }
  }

  private static void show(
      LogTopics topics, LogTopics.EventTopic topic, VmId vm, boolean json, CommandSpec spec) {
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(
          Json.pretty(
              Json.object()
                  .put("vm", vm.text())
                  .put("topic", topic.name())
                  .put("topicId", topic.topicId())
                  .put("partitions", topic.partitions())
                  .put("replicationFactor", topic.replicationFactor())
                  .put("clusterId", topics.clusterId())));
    } else {
      out.println(
          "topic: vm="
              + vm
              + " name="
              + topic.name()
              + " partitions="
              + topic.partitions()
              + " replicationFactor="
              + topic.replicationFactor()
              + " clusterId="
              + topics.clusterId());
    }
    out.flush();
  }
}
