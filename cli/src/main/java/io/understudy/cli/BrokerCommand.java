package io.understudy.cli;

import io.understudy.broker.EmbeddedBroker;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Runs a Kafka broker in this process. */
@Command(
    name = "broker",
    description = {
      "Run a Kafka broker of one node, for trying things out and for small installations.",
      "It keeps one copy of the log and knows no authentication."
    })
final class BrokerCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--data",
      required = true,
      paramLabel = "DIR",
      description = "Where the data is; made when missing.")
  private Path data;

  @Option(
      names = "--port",
      defaultValue = "9092",
      paramLabel = "N",
      description = "TCP port; 0 takes a free one.")
  private int port;

  @Option(
      names = "--host",
      defaultValue = "127.0.0.1",
      paramLabel = "HOST",
      description = "Address to listen on.")
  private String host;

  @Option(
      names = "--advertised-host",
      paramLabel = "HOST",
      description = "Name that clients reach it under; the same as --host when not given.")
  private String advertisedHost;

  @Override
  public Integer call() throws InterruptedException {
    if (port < 0 || port > 65535) {
      throw refuse("--port must be in [0, 65535], is " + port);
    }
    if (advertisedHost == null && (host.equals("0.0.0.0") || host.equals("::"))) {
      throw refuse("--host " + host + " is no name for clients: give --advertised-host as well");
    }
    CountDownLatch stop = new CountDownLatch(1);
    Termination.onSignal(stop::countDown);
    try (EmbeddedBroker broker =
        EmbeddedBroker.start(data, host, advertisedHost == null ? host : advertisedHost, port)) {
      PrintWriter out = spec.commandLine().getOut();
      out.println("broker ready: bootstrap-server=" + broker.bootstrapServers() + " data=" + data);
      out.flush();
      stop.await();
    }
    return ExitCode.OK.code();
  }

  private ParameterException refuse(String why) {
    return new ParameterException(spec.commandLine(), why);
  }
}
