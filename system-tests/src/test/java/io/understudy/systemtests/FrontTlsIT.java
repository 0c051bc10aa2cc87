package io.understudy.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.cli.demo.ChildJvm;
import io.understudy.cli.demo.LocalCluster;
import io.understudy.log.TestKey;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A client speaks TLS to the front, and its one connection outlives the primary. */
class FrontTlsIT {
  private static final String VM = "confidential";
  private static final String PASSWORD = "hush-front-4711";

  @TempDir Path directory;

  @Test
  @Timeout(value = 5, unit = TimeUnit.MINUTES)
  void connectionOutlivesThePrimary_andNobodySaysThePassword() throws Exception {
    Needs.kvm();
    Path store = TestKey.make(directory.resolve("front.p12"), PASSWORD);
    Path config =
        Files.write(
            directory.resolve("tls.properties"),
            List.of("ssl.keystore.location=" + store, "ssl.keystore.password=" + PASSWORD));
    try (LocalCluster cluster = TestPair.cluster("front-tls")) {
      int front = LocalCluster.freePort();
      ChildJvm leader = cluster.startPrimary(VM, "a");
      ChildJvm coordinator =
          cluster.startCoordinator(VM, front, "--front-tls-config", config.toString(), "--debug");
      cluster.awaitLeader(VM, "a", 1, TestPair.TIMEOUT);
      cluster.startStandby(VM, "b");
      cluster.awaitFollowing(VM, "b", TestPair.TIMEOUT);
      try (SSLSocket client = connect(cluster, store, front);
          BufferedReader replies =
              new BufferedReader(
                  new InputStreamReader(client.getInputStream(), StandardCharsets.US_ASCII))) {
        long counted = 0;
        for (; counted < 50; counted++) {
          assertThat(incr(client, replies)).isEqualTo(":" + (counted + 1));
        }
        leader.kill();
        for (; counted < 100; counted++) {
          assertThat(incr(client, replies)).isEqualTo(":" + (counted + 1));
        }
        cluster.awaitLeader(VM, "b", 2, TestPair.TIMEOUT);
        assertThat(client.getSession().getProtocol()).isEqualTo("TLSv1.3");

        try (Socket plain = new Socket(InetAddress.getLoopbackAddress(), front)) {
          plain.setSoTimeout((int) TestPair.TIMEOUT.toMillis());
          plain.getOutputStream().write("INCR n\r\n".getBytes(StandardCharsets.US_ASCII));
          assertThat(answer(plain)).doesNotContain(":101");
        }
        assertThat(incr(client, replies)).isEqualTo(":101");
      }
      coordinator.close();
      assertThat(coordinator.lines())
          .anyMatch(line -> line.contains("fronts speak TLS") && line.contains("CN=localhost"))
          .noneMatch(line -> line.contains("hush"));
    }
  }

  /** Everything until the connection ends, in whatever way. */
  private static String answer(Socket socket) {
    try {
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    } catch (IOException reset) {
      return reset.toString();
    }
  }

  private static String incr(SSLSocket client, BufferedReader replies) throws IOException {
    client.getOutputStream().write("INCR n\r\n".getBytes(StandardCharsets.US_ASCII));
    return replies.readLine();
  }

  /** As a client does that checks whom it speaks to; tries until the front listens. */
  private static SSLSocket connect(LocalCluster cluster, Path store, int port) throws Exception {
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(KeyStore.getInstance(store.toFile(), PASSWORD.toCharArray()));
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    SSLSocket[] connected = new SSLSocket[1];
    cluster.await(
        () -> {
          try {
            connected[0] = (SSLSocket) context.getSocketFactory().createSocket("localhost", port);
            return true;
          } catch (IOException notYet) {
            return false;
          }
        },
        "the front listens",
        TestPair.TIMEOUT);
    SSLParameters parameters = connected[0].getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    connected[0].setSSLParameters(parameters);
    connected[0].setSoTimeout((int) TestPair.TIMEOUT.toMillis());
    return connected[0];
  }
}
