package io.understudy.cli.demo;

import io.understudy.kvm.Kvm;
import io.understudy.kvm.KvmUnavailableException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code understudy demo}: a broker, a primary, a standby and a coordinator as processes on this
 * host, clients that count, a kill -9 of the primary in the middle, and the account of it.
 *
 * <p>With {@code --lab} each node is in a lab host of its own, and the kill is a power failure.
 *
 * <p>With {@code --containers} the nodes are containers that run already, and the leader's is
 * killed.
 *
 * <p>Exit code 0 when nothing was lost or done twice and every digest agreed, 1 when not, 3 when
 * this host has no usable KVM, or no container engine can be reached.
 */
@Command(
    name = "demo",
    description = "Kills a primary under traffic on this host and counts what was lost.")
public final class DemoCommand implements Callable<Integer> {
  private static final int EXIT_FAILED = 1;
  private static final int EXIT_LACKING = 3;

  @Option(names = "--json", description = "Print one JSON object instead of the table.")
  private boolean isJson;

  @Option(
      names = "--keep",
      paramLabel = "DIR",
      description = "Keep the broker's data, the stores and the logs in this empty directory.")
  private Path keep;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "12",
      description = "How long clients send requests, 4 to 600; default: ${DEFAULT-VALUE}.")
  private int seconds;

  @Option(
      names = "--lab",
      description = {
        "Run each node in a lab host, a machine emulated by QEMU: for hosts without a usable KVM.",
        "Takes minutes; see docs/testing.md."
      })
  private boolean isLab;

  @ArgGroup(exclusive = false, heading = "With nodes that run as containers (see compose.yaml):%n")
  private ContainerOptions containers;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    if (seconds < 4 || seconds > 600) {
      throw new ParameterException(
          spec.commandLine(), "--seconds must be in [4, 600]: seconds=" + seconds);
    }
    PrintWriter people = spec.commandLine().getErr();
    String lack = containers == null ? null : containers.lack();
    if (lack != null) {
      people.println(spec.qualifiedName() + ": " + lack);
      people.flush();
      return EXIT_LACKING;
    }
    NodeHosts hosts = isLab ? lab(people) : local(people);
    if (hosts == null) {
      people.flush();
      return EXIT_LACKING;
    }
    Path directory = directory();
    Steps steps = new Steps(people);
    DemoReport report;
    try {
      Duration trafficTime = Duration.ofSeconds(seconds);
      report =
          containers == null
              ? new DemoRun(directory, hosts, trafficTime, steps).run()
              : new ContainerDemo(containers.settings(trafficTime, directory), steps).run();
    } catch (DemoException e) {
      people.println("The demo did not get through; the logs are in " + directory + ":");
      people.println(e.getMessage());
      people.flush();
      return EXIT_FAILED;
    }
    spec.commandLine().getOut().println(isJson ? report.json() : report.table());
    spec.commandLine().getOut().flush();
    if (keep != null && containers == null) {
      explain(people);
    } else if (keep != null) {
      people.println("Logs are kept in " + directory);
    } else if (report.passes()) {
      delete(directory);
    } else {
      people.println("Data and logs are kept in " + directory);
    }
    people.flush();
    return report.passes() ? 0 : EXIT_FAILED;
  }

  /** This host; null when it has no usable KVM. */
  private static NodeHosts local(PrintWriter people) {
    try {
      Kvm.open().close();
      people.println("KVM is usable: " + Kvm.DEFAULT_DEVICE);
      return NodeHosts.local();
    } catch (KvmUnavailableException e) {
      people.println(e.getMessage());
      people.println("Without KVM, in lab hosts that QEMU emulates: ./understudy demo --lab");
      return null;
    }
  }

  /** Lab hosts; null when they do not work here, which the lab has explained. */
  private static NodeHosts lab(PrintWriter people) throws IOException {
    Path home = Path.of(System.getProperty("understudy.home", "")).toAbsolutePath();
    NodeHosts.Lab hosts = NodeHosts.lab(home);
    if (!Files.isExecutable(hosts.run())) {
      people.println(
          "The lab is missing: expected="
              + hosts.run()
              + ": run ./understudy demo --lab"
              + " in a checkout of the project");
      return null;
    }
    people.println("Trying a lab host; the first time its image is built");
    people.flush();
    int code = hosts.tryOne();
    if (code != 0) {
      people.println("Lab hosts do not work here, see above: exit code of lab/run: " + code);
      return null;
    }
    return hosts;
  }

  private Path directory() throws IOException {
    if (keep == null) {
      return Files.createTempDirectory("understudy-demo-");
    }
    Path directory = Files.createDirectories(keep.toAbsolutePath());
    try (Stream<Path> content = Files.list(directory)) {
      if (content.findAny().isPresent()) {
        throw new ParameterException(
            spec.commandLine(), "--keep needs an empty directory: directory=" + directory);
      }
    }
    return directory;
  }

  private void explain(PrintWriter people) {
    Path kept = keep.toAbsolutePath();
    String server = " --bootstrap-server 127.0.0.1:9092";
    people.println("Kept in " + kept + ". To look at it, start the broker again:");
    for (String command :
        List.of(
            "broker --data " + kept.resolve("broker") + " --port 9092",
            "status" + server,
            "log --vm " + DemoRun.VM + server,
            "replay --vm " + DemoRun.VM + " --verify" + server)) {
      people.println("  ./understudy " + command);
    }
  }

  private static void delete(Path directory) {
    try (Stream<Path> paths = Files.walk(directory)) {
      for (Path path : (Iterable<Path>) paths.sorted(Comparator.reverseOrder())::iterator) {
        Files.delete(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot delete the demo's directory: " + directory, e);
    }
  }
}
