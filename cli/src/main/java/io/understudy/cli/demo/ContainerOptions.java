package io.understudy.cli.demo;

import io.understudy.log.ClusterConnection;
import io.understudy.schemas.VmId;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Where nodes that run as containers are; {@code compose.yaml} says all of it. */
final class ContainerOptions {
  @Option(
      names = "--containers",
      required = true,
      paramLabel = "PROJECT",
      description =
          "Kill the leader's container of this compose project, which must be up, and start it"
              + " again.")
  private String project;

  @Option(
      names = "--vm",
      paramLabel = "ID",
      defaultValue = DemoRun.VM,
      description = "The VM; default: ${DEFAULT-VALUE}.")
  private String vm;

  @Option(
      names = "--front",
      paramLabel = "HOST:PORT",
      defaultValue = "coordinator:7000",
      description = "Where its clients connect; default: ${DEFAULT-VALUE}.")
  private String front;

  @Option(
      names = "--bootstrap-server",
      paramLabel = "HOST:PORT[,...]",
      defaultValue = "${env:UNDERSTUDY_BOOTSTRAP_SERVER:-127.0.0.1:9092}",
      description = "Kafka cluster; default: ${DEFAULT-VALUE}.")
  private String bootstrapServer;

  @Option(
      names = "--engine",
      paramLabel = "SOCKET",
      defaultValue = "/var/run/docker.sock",
      description = "The container engine's socket; default: ${DEFAULT-VALUE}.")
  private Path engine;

  /** What is missing for a demo, or null: the engine's socket is given to the demo alone. */
  String lack() {
    return Files.exists(engine)
        ? null
        : "the container engine's socket is missing: socket="
            + engine
            + ": mount it into this container, or give --engine";
  }

  /** The demo's settings. */
  ContainerDemo.Settings settings(Duration trafficTime, Path directory) {
    return new ContainerDemo.Settings(
        new VmId(vm),
        project,
        service(),
        engine,
        ClusterConnection.of(bootstrapServer),
        trafficTime,
        directory);
  }

  private InetSocketAddress service() {
    int colon = front.lastIndexOf(':');
    String port = front.substring(colon + 1);
    if (colon < 1 || !port.matches("\\d{1,5}") || Integer.parseInt(port) > 65535) {
      throw new TypeConversionException("--front: expected HOST:PORT, is '" + front + "'");
    }
    return new InetSocketAddress(front.substring(0, colon), Integer.parseInt(port));
  }
}
