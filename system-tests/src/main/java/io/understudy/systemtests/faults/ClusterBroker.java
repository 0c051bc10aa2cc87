package io.understudy.systemtests.faults;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;

/**
 * A process that is one Kafka node of a cluster of several, by a file of Kafka's own settings. The
 * product's broker is always alone and has one listener; here each node of a VM has its own, so
 * that its network can be cut.
 */
final class ClusterBroker {
  private ClusterBroker() {}

  /** Arguments: the settings' file and the cluster's id. Runs until it is killed. */
  public static void main(String[] args) throws Exception {
    Properties settings = new Properties();
    try (Reader reader = Files.newBufferedReader(Path.of(args[0]), StandardCharsets.UTF_8)) {
      settings.load(reader);
    }
    format(settings, args[1]);
    KafkaRaftServer server =
        new KafkaRaftServer(KafkaConfig.fromProps(settings, false), Time.SYSTEM);
    Runtime.getRuntime().addShutdownHook(new Thread(server::shutdown, "broker-shutdown"));
    server.startup();
    System.out.println("broker ready: node=" + settings.getProperty("node.id"));
    server.awaitShutdown();
  }

  private static void format(Properties settings, String clusterId) throws Exception {
    Path directory = Path.of(settings.getProperty("log.dirs"));
    if (Files.exists(directory.resolve("meta.properties"))) {
      return;
    }
    try {
      Files.createDirectories(directory);
    } catch (IOException e) {
      throw new IllegalStateException("cannot make the broker's directory: " + directory, e);
    }
    new Formatter()
        .setPrintStream(
            new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8))
        .setNodeId(Integer.parseInt(settings.getProperty("node.id")))
        .setClusterId(clusterId)
        .setIgnoreFormatted(true)
        .setControllerListenerName(settings.getProperty("controller.listener.names"))
        .addDirectory(directory.toString())
        .setMetadataLogDirectory(directory.toString())
        .run();
  }
}
