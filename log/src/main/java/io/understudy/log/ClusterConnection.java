package io.understudy.log;

import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.Admin;

/**
 * How to reach a Kafka cluster: one set of client properties from which the settings of every
 * producer, consumer and admin client are made. Immutable and thread-safe; holds no connection.
 *
 * <p>Sources follow Kafka's own tools (KIP-1147): {@code --bootstrap-server} wins over {@code
 * --command-property}, which wins over {@code --command-config}. As in Kafka Connect a property can
 * be limited to one kind of client by the prefix {@code producer.}, {@code consumer.} or {@code
 * admin.}. Settings this module depends on for safety cannot be overridden.
 */
public final class ClusterConnection {
  private static final String BOOTSTRAP = CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG;

  /** Prefixes that limit a property to one kind of client. */
  private enum Role {
    PRODUCER("producer."),
    CONSUMER("consumer."),
    ADMIN("admin.");

    private final String prefix;

    Role(String prefix) {
      this.prefix = prefix;
    }
  }

  private final SortedMap<String, String> properties;

  private ClusterConnection(SortedMap<String, String> properties) {
    this.properties = Collections.unmodifiableSortedMap(properties);
    if (!properties.containsKey(BOOTSTRAP)) {
      throw new IllegalArgumentException("no Kafka cluster given: " + BOOTSTRAP + " is not set");
    }
  }

  /** A cluster without security. */
  public static ClusterConnection of(String bootstrapServers) {
    return of(bootstrapServers, null, Map.of());
  }

  /**
   * A cluster as the command line describes it.
   *
   * @param bootstrapServers host:port list, or null when a property names it
   * @param commandConfig a Java properties file in UTF-8, or null
   * @param commandProperties single properties
   */
  public static ClusterConnection of(
      String bootstrapServers, Path commandConfig, Map<String, String> commandProperties) {
    SortedMap<String, String> merged = new TreeMap<>();
    if (commandConfig != null) {
      Properties file = read(commandConfig);
      file.stringPropertyNames().forEach(name -> merged.put(name, file.getProperty(name)));
    }
    merged.putAll(commandProperties);
    if (bootstrapServers != null) {
      merged.put(BOOTSTRAP, bootstrapServers);
    }
    return new ClusterConnection(merged);
  }

  /** The host:port list. */
  public String bootstrapServers() {
    return properties.get(BOOTSTRAP);
  }

  /** A new admin client, to be closed by the caller. */
  public Admin admin() {
    return Admin.create(adminSettings());
  }

  /** Settings of an admin client. */
  Map<String, Object> adminSettings() {
    return settings(
        Role.ADMIN, Map.of(CommonClientConfigs.ENABLE_METRICS_PUSH_CONFIG, "false"), Map.of());
  }

  /**
   * Settings of a producer.
   *
   * @param defaults what the user may override
   * @param required what the user may not override
   */
  Map<String, Object> producerSettings(Map<String, Object> defaults, Map<String, Object> required) {
    return settings(Role.PRODUCER, defaults, required);
  }

  /** Settings of a consumer; see {@link #producerSettings}. */
  Map<String, Object> consumerSettings(Map<String, Object> defaults, Map<String, Object> required) {
    return settings(Role.CONSUMER, defaults, required);
  }

  private Map<String, Object> settings(
      Role role, Map<String, Object> defaults, Map<String, Object> required) {
    Map<String, Object> settings = new HashMap<>(defaults);
    properties.forEach(
        (name, value) -> {
          if (!hasPrefix(name)) {
            settings.put(name, value);
          }
        });
    properties.forEach(
        (name, value) -> {
          if (name.startsWith(role.prefix)) {
            settings.put(name.substring(role.prefix.length()), value);
          }
        });
    settings.putAll(required);
    return settings;
  }

  private static boolean hasPrefix(String name) {
    for (Role role : Role.values()) {
      if (name.startsWith(role.prefix)) {
        return true;
      }
    }
    return false;
  }

  private static Properties read(Path file) {
    Properties properties = new Properties();
    try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
      properties.load(reader);
      return properties;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read Kafka client properties: file=" + file, e);
    }
  }

  /** Names the cluster and the properties, never their values: some are passwords. */
  @Override
  public String toString() {
    return "ClusterConnection[bootstrapServers="
        + bootstrapServers()
        + " properties="
        + properties.keySet()
        + "]";
  }
}
