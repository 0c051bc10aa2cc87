package io.understudy.cli.demo;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Where a cluster's nodes run: as processes of this host, or each in a lab host of its own (see
 * {@code lab/run}), where the death of the process is a power failure. Broker, coordinator and
 * clients are on this host in both cases, and everybody finds everybody at 127.0.0.1.
 */
public sealed interface NodeHosts {
  /** On this host. */
  static NodeHosts local() {
    return new Local();
  }

  /**
   * In lab hosts.
   *
   * @param home the project's directory, which has {@code lab/run}
   */
  static Lab lab(Path home) {
    return new Lab(home.resolve("lab"), "d" + ProcessHandle.current().pid() % 100_000 + "-");
  }

  /** Starts a command that needs KVM; {@code name} says which host it is. */
  ChildJvm start(String name, Path output, List<String> arguments, int brokerPort);

  /** What a node is given beyond what it does, for a state directory of this host. */
  List<String> nodeOptions(Path state);

  /** What a coordinator of such nodes is given. */
  List<String> coordinatorOptions();

  /** How much longer than on an idle real processor things may take. */
  Duration patience(Duration usual);

  /** What a node's host is called in a sentence. */
  String describe(ChildJvm node);

  /** Processes of this host. */
  record Local() implements NodeHosts {
    @Override
    public ChildJvm start(String name, Path output, List<String> arguments, int brokerPort) {
      return ChildJvm.start(name, output, arguments);
    }

    @Override
    public List<String> nodeOptions(Path state) {
      return List.of("--state", state.toString());
    }

    @Override
    public List<String> coordinatorOptions() {
      return List.of();
    }

    @Override
    public Duration patience(Duration usual) {
      return usual;
    }

    @Override
    public String describe(ChildJvm node) {
      return "pid " + node.pid();
    }
  }

  /**
   * Lab hosts.
   *
   * @param scripts the directory with {@code run}
   * @param prefix with which the hosts' names begin
   */
  record Lab(Path scripts, String prefix) implements NodeHosts {
    /** A live leader is silent for this long when it has to share its host's processors. */
    private static final String FAILURE_TIMEOUT = "5s";

    private static final String HEARTBEATS = "200ms";
    private static final String MEMORY_MIB = "1024";
    private static final int PATIENCE = 6;

    @Override
    public ChildJvm start(String name, Path output, List<String> arguments, int brokerPort) {
      List<String> command = new ArrayList<>();
      command.addAll(List.of(run().toString(), "--name", host(name), "--memory", MEMORY_MIB));
      command.addAll(List.of("--timeout", "3600", "--forward", Integer.toString(brokerPort)));
      int console = arguments.indexOf("--console-listen");
      if (console >= 0) {
        String address = arguments.get(console + 1);
        command.addAll(List.of("--publish", address.substring(address.lastIndexOf(':') + 1)));
      }
      command.addAll(List.of("--", "./understudy"));
      command.addAll(arguments);
      return ChildJvm.startProgram(name, output, command);
    }

    @Override
    public List<String> nodeOptions(Path state) {
      return List.of(
          "--state",
          "/root/" + state.getFileName(),
          "--console-listen",
          "127.0.0.1:" + LocalCluster.freePort(),
          "--heartbeat-interval",
          HEARTBEATS);
    }

    @Override
    public List<String> coordinatorOptions() {
      return List.of("--failure-timeout", FAILURE_TIMEOUT, "--heartbeat-interval", HEARTBEATS);
    }

    @Override
    public Duration patience(Duration usual) {
      return usual.multipliedBy(PATIENCE);
    }

    @Override
    public String describe(ChildJvm node) {
      return "in lab host " + host(node.name()) + ", pid " + node.pid();
    }

    /** The command that runs a command in a lab host. */
    Path run() {
      return scripts.resolve("run");
    }

    /** Boots a host, looks for KVM in it, and returns 0 if it is there; prints what is wrong. */
    int tryOne() throws IOException {
      ProcessBuilder builder =
          new ProcessBuilder(
              run().toString(), "--name", host("try"), "--", "test", "-c", "/dev/kvm");
      try {
        return builder.inheritIO().start().waitFor();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new DemoException("interrupted while trying a lab host", e);
      }
    }

    /** A host's name has at most 11 characters. */
    private String host(String name) {
      String last = name.substring(name.lastIndexOf('-') + 1);
      return prefix + last.substring(0, Math.min(3, last.length()));
    }
  }
}
