package io.understudy.log;

import io.understudy.broker.EmbeddedBroker;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A broker that asks clients for a name and a password (SASL/PLAIN), over TLS if wanted, and allows
 * them what ACLs say. Its own traffic goes over a listener without either, which is why this is for
 * tests only.
 */
public final class SecuredBroker implements AutoCloseable {
  /** Who may do everything. */
  public static final String ADMIN = "admin";

  private static final String MECHANISM = "PLAIN";
  private static final String LOGIN =
      "org.apache.kafka.common.security.plain.PlainLoginModule required";

  private final EmbeddedBroker broker;
  private final Path trustStore;

  private SecuredBroker(EmbeddedBroker broker, Path trustStore) {
    this.broker = broker;
    this.trustStore = trustStore;
  }

  /**
   * Starts one.
   *
   * @param users whom it knows; each has the password {@link #password}
   * @param tls whether clients must speak TLS; makes a key with the JDK's keytool
   */
  public static SecuredBroker start(Path directory, boolean tls, String... users) {
    int clients = freePort();
    int own = freePort();
    int controller = freePort();
    String protocol = tls ? "SASL_SSL" : "SASL_PLAINTEXT";
    StringBuilder known = new StringBuilder(LOGIN);
    known.append(" user_").append(ADMIN).append("=\"").append(password(ADMIN)).append('"');
    for (String user : users) {
      known.append(" user_").append(user).append("=\"").append(password(user)).append('"');
    }
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("controller.quorum.voters", "1@127.0.0.1:" + controller);
    settings.put(
        "listeners",
        "CLIENTS://127.0.0.1:"
            + clients
            + ",OWN://127.0.0.1:"
            + own
            + ",CONTROLLER://127.0.0.1:"
            + controller);
    settings.put(
        "advertised.listeners", "CLIENTS://127.0.0.1:" + clients + ",OWN://127.0.0.1:" + own);
    settings.put(
        "listener.security.protocol.map",
        "CLIENTS:" + protocol + ",OWN:PLAINTEXT,CONTROLLER:PLAINTEXT");
    settings.put("inter.broker.listener.name", "OWN");
    settings.put("sasl.enabled.mechanisms", MECHANISM);
    settings.put("listener.name.clients.plain.sasl.jaas.config", known + ";");
    settings.put(
        "authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer");
    settings.put("super.users", "User:ANONYMOUS;User:" + ADMIN);
    Path store = null;
    if (tls) {
      store = TestKey.make(directory.resolve("key.p12"), password("store"));
      settings.put("listener.name.clients.ssl.keystore.location", store.toString());
      settings.put("listener.name.clients.ssl.keystore.password", password("store"));
      settings.put("listener.name.clients.ssl.keystore.type", "PKCS12");
    }
    EmbeddedBroker broker =
        EmbeddedBroker.start(
            directory.resolve("broker"), "127.0.0.1", "127.0.0.1", clients, settings);
    return new SecuredBroker(broker, store);
  }

  /** The password of a user, which must not be seen anywhere. */
  public static String password(String user) {
    return "hush-" + user + "-4711";
  }

  /** How a user reaches it. */
  public ClusterConnection connection(String user) {
    return ClusterConnection.of(broker.bootstrapServers(), null, properties(user));
  }

  /** The properties of a user's clients, as they would stand in a file. */
  public Map<String, String> properties(String user) {
    Map<String, String> properties = new LinkedHashMap<>();
    properties.put("security.protocol", trustStore == null ? "SASL_PLAINTEXT" : "SASL_SSL");
    properties.put("sasl.mechanism", MECHANISM);
    properties.put(
        "sasl.jaas.config",
        LOGIN + " username=\"" + user + "\" password=\"" + password(user) + "\";");
    if (trustStore != null) {
      properties.put("ssl.truststore.location", trustStore.toString());
      properties.put("ssl.truststore.password", password("store"));
      properties.put("ssl.truststore.type", "PKCS12");
    }
    return properties;
  }

  /** The host:port that clients connect to. */
  public String bootstrapServers() {
    return broker.bootstrapServers();
  }

  @Override
  public void close() {
    broker.close();
  }

  private static int freePort() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
