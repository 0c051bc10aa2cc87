package io.understudy.failover.front;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.KeyStoreException;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.TreeSet;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.SslConfigs;
import org.apache.kafka.common.config.internals.BrokerSecurityConfigs;
import org.apache.kafka.common.security.ssl.DefaultSslEngineFactory;

/**
 * The key with which fronts speak TLS, and how: a property file with the names and meanings that
 * Kafka's brokers have for their listeners ({@code ssl.keystore.location} and so on). Stores of any
 * type that Kafka reads will do, PEM included. Unlike there, TLS 1.2 has to be asked for. Values
 * are never shown; some are passwords.
 *
 * <p>Immutable; may be used by any thread.
 */
public final class FrontTls {
  private static final ConfigDef NAMES = names();

  private final DefaultSslEngineFactory factory;

  private FrontTls(DefaultSslEngineFactory factory) {
    this.factory = factory;
  }

  private static ConfigDef names() {
    ConfigDef names = new ConfigDef();
    SslConfigs.addClientSslSupport(names);
    names.define(
        BrokerSecurityConfigs.SSL_CLIENT_AUTH_CONFIG,
        ConfigDef.Type.STRING,
        "none",
        ConfigDef.ValidString.in("required", "requested", "none"),
        ConfigDef.Importance.MEDIUM,
        "Whether clients need a certificate.");
    return names;
  }

  /**
   * Reads settings and key.
   *
   * @throws IllegalArgumentException if a name is unknown or a value is none, or if there is no key
   * @throws UncheckedIOException if the file cannot be read
   */
  public static FrontTls read(Path file) {
    Map<String, String> given = new HashMap<>();
    try (InputStream in = Files.newInputStream(file)) {
      Properties properties = new Properties();
      properties.load(in);
      properties
          .stringPropertyNames()
          .forEach(name -> given.put(name, properties.getProperty(name)));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the TLS settings of fronts: file=" + file, e);
    }
    TreeSet<String> unknown = new TreeSet<>(given.keySet());
    unknown.removeAll(NAMES.names());
    if (!unknown.isEmpty()) {
      throw refused(
          file,
          "unknown properties "
              + unknown
              + ", expected ssl.keystore.location, "
              + "ssl.keystore.password, ssl.client.auth and others of Kafka's",
          null);
    }
    if (!given.containsKey(SslConfigs.SSL_KEYSTORE_LOCATION_CONFIG)
        && !given.containsKey(SslConfigs.SSL_KEYSTORE_KEY_CONFIG)) {
      throw refused(file, "there is no ssl.keystore.location", null);
    }
    // Before 1.3 a client that ends its side loses the replies that are still to come.
    given.putIfAbsent(SslConfigs.SSL_ENABLED_PROTOCOLS_CONFIG, "TLSv1.3");
    DefaultSslEngineFactory factory = new DefaultSslEngineFactory();
    try {
      // Not by a config object of Kafka's, which logs what it is made of.
      factory.configure(NAMES.parse(given));
      new FrontTls(factory).engine();
      return new FrontTls(factory);
    } catch (KafkaException e) {
      throw refused(file, reason(e), e);
    }
  }

  private static String reason(Throwable failure) {
    StringBuilder reason = new StringBuilder(String.valueOf(failure.getMessage()));
    for (Throwable cause = failure.getCause(); cause != null; cause = cause.getCause()) {
      if (cause.getMessage() != null && reason.indexOf(cause.getMessage()) < 0) {
        reason.append(": ").append(cause.getMessage());
      }
    }
    return reason.toString();
  }

  private static IllegalArgumentException refused(Path file, String why, Throwable cause) {
    return new IllegalArgumentException(
        "fronts cannot speak TLS: file=" + file + ": " + why, cause);
  }

  SSLContext context() {
    return factory.sslContext();
  }

  /** An engine for one connection of a client. */
  SSLEngine engine() {
    return factory.createServerSslEngine("", -1);
  }

  /** Whose certificates these are and until when they are valid, for people. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("TLS");
    KeyStore store = factory.keystore();
    try {
      for (String alias : Collections.list(store.aliases())) {
        Certificate certificate = store.getCertificate(alias);
        if (store.isKeyEntry(alias) && certificate instanceof X509Certificate known) {
          text.append(" certificate=\"")
              .append(known.getSubjectX500Principal().getName())
              .append("\" until=")
              .append(known.getNotAfter().toInstant());
        }
      }
    } catch (KeyStoreException notLoaded) {
      throw new IllegalStateException("a store that was read", notLoaded);
    }
    return text.toString();
  }
}
