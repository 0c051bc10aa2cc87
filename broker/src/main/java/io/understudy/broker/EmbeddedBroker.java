package io.understudy.broker;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.utils.Exit;
import org.apache.kafka.common.utils.Time;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One Kafka node, broker and controller in one (KRaft), in this JVM.
 *
 * <p>For tests, demos and installations where one log is enough. It guarantees what Kafka
 * guarantees with one replica: an acknowledged epoch survives the death of the broker's process,
 * not the loss of its host, because Kafka does not flush to disk before it acknowledges. There is
 * no authentication, so it listens on the loopback address unless told otherwise.
 *
 * <p>Kafka's server classes are no public API; what is used of them here (Formatter,
 * KafkaRaftServer, KafkaConfig) is tied to the Kafka version of the build. Thread-safe.
 */
public final class EmbeddedBroker implements AutoCloseable {
  static final int NODE_ID = 1;
  static final String CONTROLLER_LISTENER = "CONTROLLER";

  private static final Logger LOGGER = LoggerFactory.getLogger(EmbeddedBroker.class);
  private static final String LOOPBACK = "127.0.0.1";
  private static final int MEBIBYTE = 1024 * 1024;

  private final DataDirectory directory;
  private final KafkaRaftServer server;
  private final String bootstrapServers;
  private final int port;
  private boolean isClosed;

  private EmbeddedBroker(
      DataDirectory directory, KafkaRaftServer server, String bootstrapServers, int port) {
    this.directory = directory;
    this.server = server;
    this.bootstrapServers = bootstrapServers;
    this.port = port;
  }

  /** Starts on the loopback address; see {@link #start(Path, String, String, int)}. */
  public static EmbeddedBroker start(Path dataDirectory, int port) {
    return start(dataDirectory, LOOPBACK, LOOPBACK, port);
  }

  /**
   * Starts a broker and returns when it serves.
   *
   * @param dataDirectory where its data is; created and formatted when new or empty
   * @param bindHost address it listens on
   * @param advertisedHost address that it tells its clients to use
   * @param port TCP port it listens on; 0 takes a free one
   * @throws BrokerException if the directory is in use, foreign or of another version, if the port
   *     is taken, or if Kafka does not start
   */
  public static EmbeddedBroker start(
      Path dataDirectory, String bindHost, String advertisedHost, int port) {
    return start(dataDirectory, bindHost, advertisedHost, port, Map.of());
  }

  /**
   * The same with settings of Kafka's own that win over this class's, for tests of clusters with
   * other listeners, authentication or authorization. Clients must still be served at {@code port}.
   *
   * @param overrides names and values as in Kafka's {@code server.properties}
   */
  public static EmbeddedBroker start(
      Path dataDirectory,
      String bindHost,
      String advertisedHost,
      int port,
      Map<String, String> overrides) {
    long startNanos = System.nanoTime();
    int clientPort = freePort(bindHost, port);
    DataDirectory directory = DataDirectory.open(dataDirectory);
    try {
      Properties properties =
          settings(
              directory.logDirectory(),
              bindHost,
              advertisedHost,
              clientPort,
              freePort(LOOPBACK, 0));
      properties.putAll(overrides);
      KafkaRaftServer server =
          new KafkaRaftServer(KafkaConfig.fromProps(properties, false), Time.SYSTEM);
      server.startup();
      LOGGER.info(
          "broker started: port={} directory={} millis={}",
          clientPort,
          dataDirectory,
          (System.nanoTime() - startNanos) / 1_000_000);
      return new EmbeddedBroker(directory, server, advertisedHost + ":" + clientPort, clientPort);
    } catch (RuntimeException e) {
      directory.close();
      throw e instanceof BrokerException
          ? e
          : new BrokerException(
              "broker does not start: port="
                  + clientPort
                  + " directory="
                  + dataDirectory
                  + ": "
                  + e.getMessage(),
              e);
    }
  }

  /**
   * Keeps a fatal fault of a broker from ending this JVM, for tests: Kafka's exit and halt then
   * throw in the thread that asked for them. Applies to all brokers of the JVM, for good.
   */
  public static void keepJvmAlive() {
    Exit.Procedure refuse =
        (status, message) -> {
          LOGGER.error("broker wanted to end the JVM: status={} message={}", status, message);
          throw new BrokerException("broker failed: status=" + status + " message=" + message);
        };
    Exit.setExitProcedure(refuse);
    Exit.setHaltProcedure(refuse);
  }

  /** The host:port that clients connect to. */
  public String bootstrapServers() {
    return bootstrapServers;
  }

  /** The TCP port that clients connect to. */
  public int port() {
    return port;
  }

  /** Stops the broker in order and returns when its port and directory are free again. */
  @Override
  public synchronized void close() {
    if (isClosed) {
      return;
    }
    isClosed = true;
    server.shutdown();
    server.awaitShutdown();
    directory.close();
  }

  /** Returns {@code port}, or a free one for 0, after making sure that it can be listened on. */
  private static int freePort(String host, int port) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.bind(new InetSocketAddress(InetAddress.getByName(host), port));
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new BrokerException(
          "cannot listen: host=" + host + " port=" + port + ": " + e.getMessage(), e);
    }
  }

  private static Properties settings(
      Path logDirectory,
      String bindHost,
      String advertisedHost,
      int clientPort,
      int controllerPort) {
    Properties settings = new Properties();
    settings.put("process.roles", "broker,controller");
    settings.put("node.id", Integer.toString(NODE_ID));
    settings.put("controller.quorum.voters", NODE_ID + "@" + LOOPBACK + ":" + controllerPort);
    settings.put(
        "listeners",
        "PLAINTEXT://"
            + bindHost
            + ":"
            + clientPort
            + ","
            + CONTROLLER_LISTENER
            + "://"
            + LOOPBACK
            + ":"
            + controllerPort);
    settings.put("advertised.listeners", "PLAINTEXT://" + advertisedHost + ":" + clientPort);
    settings.put("controller.listener.names", CONTROLLER_LISTENER);
    settings.put(
        "listener.security.protocol.map",
        "PLAINTEXT:PLAINTEXT," + CONTROLLER_LISTENER + ":PLAINTEXT");
    settings.put("log.dirs", logDirectory.toString());

    // One node cannot keep the default of three replicas of Kafka's own topics.
    for (String topic :
        new String[] {"offsets.topic", "transaction.state.log", "share.coordinator.state.topic"}) {
      settings.put(topic + ".replication.factor", "1");
      settings.put(topic + ".num.partitions", "1");
    }
    settings.put("transaction.state.log.min.isr", "1");
    settings.put("share.coordinator.state.topic.min.isr", "1");
    settings.put("group.initial.rebalance.delay.ms", "0");

    // A broker that was killed is refused by its own controller until its old session has expired:
    // with the default of 9 s it serves after 12 s, with this after 5 s.
    settings.put("broker.session.timeout.ms", "3000");
    settings.put("broker.heartbeat.interval.ms", "500");

    // Topics are created with explicit settings, see LogTopics of module log.
    settings.put("auto.create.topics.enable", "false");
    // With the default of 20 ms, an epoch that follows the last one closely waits for it.
    settings.put("add.partitions.to.txn.retry.backoff.ms", "1");

    // A small node: the defaults are for servers.
    settings.put("log.cleaner.dedupe.buffer.size", Integer.toString(2 * MEBIBYTE));
    settings.put("num.network.threads", "1");
    settings.put("num.io.threads", "2");
    return settings;
  }
}
