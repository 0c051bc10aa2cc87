package io.understudy.failover.front;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.understudy.log.TestKey;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.Security;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** All that a front does at takeovers, with clients that speak TLS, and what only those can do. */
class FrontTlsTest extends FrontTakeoverTest {
  static final String PASSWORD = "hush-4711";
  private static final int FLOODS = 12;
  private static final int FLOOD_BYTES = 64 * 1024;

  @TempDir static Path directory;
  static Path store;
  private static FrontTls tls;
  private static SSLContext stranger;
  private static SSLContext known;

  @BeforeAll
  static void makeKeys() throws Exception {
    store = TestKey.make(directory.resolve("front.p12"), PASSWORD);
    tls =
        FrontTls.read(
            file("good", "ssl.keystore.location=" + store, "ssl.keystore.password=" + PASSWORD));
    stranger = context(false);
    known = context(true);
  }

  @Override
  FrontSettings adapted(FrontSettings settings) {
    return settings.with(Optional.of(tls));
  }

  @Override
  LineClient connect(Front to) throws IOException {
    return new LineClient(to.address(), unconnected());
  }

  /** A socket that trusts the front, and has no certificate of its own. */
  static SSLSocket unconnected() throws IOException {
    return (SSLSocket) stranger.getSocketFactory().createSocket();
  }

  @Test
  void slowReaderGetsEveryByte_andSoDoesAClientThatSendsALot() throws Exception {
    ScriptedRun.Node primary = run().standby();
    primary.promote();
    front().nodes(run().endpoints());
    try (LineClient slow = connect(front());
        LineClient eager = connect(front())) {
      slow.send("flood\n".repeat(FLOODS) + "done\n");
      StringBuilder lines = new StringBuilder();
      for (int line = 0; line < 20_000; line++) {
        lines.append("line ").append(line).append('\n');
      }
      Thread writer = new Thread(() -> sendAll(eager, lines.toString()), "writer");
      writer.start();
      for (int line = 0; line < 20_000; line++) {
        assertThat(eager.line()).isEqualTo((line + 1) + ":line " + line);
      }
      writer.join();
      String all = slow.line();
      assertThat(all).hasSize(FLOODS * FLOOD_BYTES + (FLOODS + 1 + ":done").length());
      slow.end();
      assertThat(slow.rest()).isEmpty();
    }
  }

  @Test
  void whoDoesNotSpeakTlsIsNoClient() throws Exception {
    run().standby().promote();
    front().nodes(run().endpoints());
    try (LineClient silent = new LineClient(front().address());
        LineClient plain = new LineClient(front().address());
        LineClient right = connect(front())) {
      plain.send("hello\n");
      right.send("hello\n");
      assertThat(right.line()).isEqualTo("1:hello");
      await(() -> front().statistics().clients() == 1);
      assertThat(silent).isNotNull();
      // TLS says why in a way of its own, which is no line of the guest's.
      assertThatThrownBy(
              () -> {
                if (!plain.rest().contains("hello")) {
                  throw new IOException("closed");
                }
              })
          .isInstanceOf(IOException.class);
    }
  }

  @Test
  void clientWithoutACertificateIsRefused_whenItNeedsOne() throws Exception {
    FrontTls strict =
        FrontTls.read(
            file(
                "strict",
                "ssl.keystore.location=" + store,
                "ssl.keystore.password=" + PASSWORD,
                "ssl.truststore.location=" + store,
                "ssl.truststore.password=" + PASSWORD,
                "ssl.client.auth=required"));
    try (ScriptedRun other = ScriptedRun.ofChannels();
        Front careful =
            Front.open(
                settings(ConsoleMode.CHANNELS, other).with(Optional.of(strict)),
                new RecordingListener())) {
      careful.start();
      other.standby().promote();
      careful.nodes(other.endpoints());
      try (LineClient welcome =
              new LineClient(careful.address(), known.getSocketFactory().createSocket());
          LineClient refused = new LineClient(careful.address(), unconnected())) {
        welcome.send("hello\n");
        assertThat(welcome.line()).isEqualTo("1:hello");
        assertThatThrownBy(
                () -> {
                  refused.send("hello\n");
                  if (refused.line() == null) {
                    throw new IOException("closed");
                  }
                })
            .isInstanceOf(IOException.class);
        await(() -> careful.statistics().clients() == 1);
      }
    }
  }

  @Test
  void wrongSettingsAreRefused_withoutAPassword() {
    String location = "ssl.keystore.location=" + store;
    refused(
        "unknown", List.of(location, "ssl.keystore.pasword=" + PASSWORD), "ssl.keystore.pasword");
    refused("empty", List.of(), "there is no ssl.keystore.location");
    refused(
        "missing",
        List.of("ssl.keystore.location=/no/store", "ssl.keystore.password=" + PASSWORD),
        "/no/store");
    refused("wrong", List.of(location, "ssl.keystore.password=x" + PASSWORD), store.toString());
    refused(
        "auth",
        List.of(location, "ssl.keystore.password=" + PASSWORD, "ssl.client.auth=maybe"),
        "ssl.client.auth");
    assertThatThrownBy(() -> FrontTls.read(directory.resolve("none")))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("none");
    assertThat(tls.toString()).contains("CN=localhost").doesNotContain("hush");
  }

  private static void refused(String name, List<String> lines, String why) {
    assertThatThrownBy(() -> FrontTls.read(file(name, lines.toArray(String[]::new))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("file=" + directory.resolve(name))
        .hasMessageContaining(why)
        .hasMessageNotContaining("hush");
  }

  @Test
  void clientOfAnOldVersionIsToldSo() throws Exception {
    try (Front strict =
            Front.open(
                settings(ConsoleMode.CHANNELS, run()).with(Optional.of(tls)),
                new RecordingListener());
        SSLSocket old = unconnected();
        LineClient client = new LineClient(strict.address(), old)) {
      strict.start();
      old.setEnabledProtocols(new String[] {"TLSv1.2"});
      assertThatThrownBy(() -> client.send("hello\n"))
          .isInstanceOf(SSLHandshakeException.class)
          .hasMessageContaining("protocol_version");
    }
  }

  @Test
  void failureInsideOfTlsEndsOneClientOnly() throws Exception {
    Security.addProvider(new BrokenTrust());
    try {
      FrontTls broken =
          FrontTls.read(
              file(
                  "broken",
                  "ssl.keystore.location=" + store,
                  "ssl.keystore.password=" + PASSWORD,
                  "ssl.trustmanager.algorithm=" + BrokenTrust.ALGORITHM,
                  "ssl.client.auth=requested"));
      try (ScriptedRun other = ScriptedRun.ofChannels();
          Front front =
              Front.open(
                  settings(ConsoleMode.CHANNELS, other).with(Optional.of(broken)),
                  new RecordingListener())) {
        front.start();
        other.standby().promote();
        front.nodes(other.endpoints());
        try (LineClient first = new LineClient(front.address(), unconnected());
            LineClient breaker =
                new LineClient(front.address(), known.getSocketFactory().createSocket())) {
          first.send("one\n");
          assertThat(first.line()).isEqualTo("1:one");
          assertThatThrownBy(
                  () -> {
                    breaker.send("hello\n");
                    if (breaker.line() == null) {
                      throw new IOException("closed");
                    }
                  })
              .isInstanceOf(IOException.class);
          first.send("two\n");
          assertThat(first.line()).isEqualTo("2:two");
        }
      }
    } finally {
      Security.removeProvider(BrokenTrust.ALGORITHM);
    }
  }

  static Path file(String name, String... lines) throws IOException {
    return Files.write(directory.resolve(name), List.of(lines));
  }

  private static void sendAll(LineClient client, String text) {
    try {
      client.send(text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A context that trusts the front, and has a key of its own if wanted. */
  private static SSLContext context(boolean hasKey) throws GeneralSecurityException, IOException {
    KeyStore keys = KeyStore.getInstance(store.toFile(), PASSWORD.toCharArray());
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(keys);
    KeyManagerFactory own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    own.init(keys, PASSWORD.toCharArray());
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(hasKey ? own.getKeyManagers() : null, trust.getTrustManagers(), null);
    return context;
  }
}
