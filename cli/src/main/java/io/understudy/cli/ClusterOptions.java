package io.understudy.cli;

import io.understudy.log.ClusterConnection;
import io.understudy.log.LogException;
import io.understudy.schemas.Topics;
import io.understudy.schemas.VmId;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaFuture;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** How to reach the Kafka cluster; named as Kafka's own tools name them (KIP-1147). */
final class ClusterOptions {
  /** Used when neither the command line nor the environment names a cluster. */
  static final String DEFAULT_BOOTSTRAP = "127.0.0.1:9092";

  private static final int ANSWER_SECONDS = 10;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--bootstrap-server",
      paramLabel = "HOST:PORT[,...]",
      description =
          "Kafka cluster; else $UNDERSTUDY_BOOTSTRAP_SERVER, else what --command-config says, else "
              + DEFAULT_BOOTSTRAP
              + ".")
  private String bootstrapServer;

  @Option(
      names = "--command-config",
      paramLabel = "FILE",
      description = "Properties for Kafka clients, for example for security.")
  private Path commandConfig;

  @Option(
      names = "--command-property",
      showDefaultValue = Help.Visibility.NEVER,
      paramLabel = "KEY=VALUE",
      description = "One such property; wins over the file. May be repeated.")
  private Map<String, String> commandProperties = new LinkedHashMap<>();

  /** The cluster as described; nothing is contacted. */
  ClusterConnection connection() {
    return connection(System.getenv("UNDERSTUDY_BOOTSTRAP_SERVER"));
  }

  ClusterConnection connection(String environment) {
    String server =
        bootstrapServer != null || environment == null || environment.isBlank()
            ? bootstrapServer
            : environment;
    if (server == null && commandConfig == null && commandProperties.isEmpty()) {
      server = DEFAULT_BOOTSTRAP;
    }
    try {
      return ClusterConnection.of(server, commandConfig, commandProperties);
    } catch (UncheckedIOException e) {
      throw new ParameterException(spec.commandLine(), Failures.line(e), e);
    } catch (IllegalArgumentException e) {
      // The file says nothing about where the cluster is.
      return ClusterConnection.of(DEFAULT_BOOTSTRAP, commandConfig, commandProperties);
    }
  }

  /**
   * The cluster as described, after it has answered once: clients would else try for a minute and
   * then name only the request that failed.
   */
  ClusterConnection reach() {
    ClusterConnection connection = connection();
    ask(connection, admin -> admin.describeCluster().clusterId());
    return connection;
  }

  /** The names of all topics of a cluster that answers. */
  static Set<String> topics(ClusterConnection connection) {
    return ask(connection, admin -> admin.listTopics().names());
  }

  /** Refuses a VM that has no log in a cluster that answers. */
  static void requireLog(ClusterConnection connection, VmId vm) {
    if (!topics(connection).contains(Topics.events(vm))) {
      throw new LogException(
          "this VM has no log: vm="
              + vm
              + " topic="
              + Topics.events(vm)
              + " bootstrapServer="
              + connection.bootstrapServers());
    }
  }

  private static <T> T ask(ClusterConnection connection, Function<Admin, KafkaFuture<T>> question) {
    Admin admin = connection.admin();
    try {
      return await(question.apply(admin), connection);
    } finally {
      // An ordinary close waits for the answer, a minute if there is none.
      admin.close(Duration.ZERO);
    }
  }

  private static <T> T await(KafkaFuture<T> answer, ClusterConnection connection) {
    try {
      return answer.get(ANSWER_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw unreachable(connection, "no answer within " + ANSWER_SECONDS + " s", e);
    } catch (ExecutionException e) {
      throw unreachable(connection, e.getCause().getMessage(), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw unreachable(connection, "interrupted", e);
    }
  }

  private static LogException unreachable(
      ClusterConnection connection, String why, Throwable cause) {
    return new LogException(
        "Kafka cluster does not answer: bootstrapServer="
            + connection.bootstrapServers()
            + ": "
            + why
            + ": start one with 'understudy broker', or give --bootstrap-server",
        cause);
  }
}
