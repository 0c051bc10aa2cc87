package io.understudy.failover.front;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** All of this with TLS 1.2, whose close is one of both directions, and which can renegotiate. */
class FrontTls12Test extends FrontTlsTest {
  private static FrontTls old;

  @BeforeAll
  static void readSettings() throws Exception {
    old =
        FrontTls.read(
            file(
                "old",
                "ssl.keystore.location=" + store,
                "ssl.keystore.password=" + PASSWORD,
                "ssl.enabled.protocols=TLSv1.2,TLSv1.3"));
  }

  @Override
  FrontSettings adapted(FrontSettings settings) {
    return settings.with(Optional.of(old));
  }

  @Override
  LineClient connect(Front to) throws IOException {
    return new LineClient(to.address(), socket());
  }

  private static SSLSocket socket() throws IOException {
    SSLSocket socket = unconnected();
    socket.setEnabledProtocols(new String[] {"TLSv1.2"});
    return socket;
  }

  @Test
  void clientThatClosesWithOutputToComeIsDropped() throws Exception {
    try (ScriptedRun echo = new ScriptedRun(() -> bytes -> bytes);
        Front stream =
            Front.open(adapted(settings(ConsoleMode.STREAM, echo)), new RecordingListener())) {
      stream.start();
      ScriptedRun.Node primary = echo.standby();
      primary.promote();
      stream.nodes(echo.endpoints());
      try (LineClient client = connect(stream)) {
        client.send("one\n");
        assertThat(client.line()).isEqualTo("one");
        client.end();
        await(
            () -> {
              // Until the front has seen the end, this is written.
              primary.speakAndCommit("x".getBytes(StandardCharsets.UTF_8));
              return stream.statistics().clients() == 0;
            });
      }
      assertThat(stream.statistics().clientsDisconnected()).isZero();
      try (LineClient next = connect(stream)) {
        next.send("two\n");
        assertThat(next.line()).endsWith("two");
      }
    }
  }

  @Test
  void clientThatRenegotiatesIsDropped() throws Exception {
    run().standby().promote();
    front().nodes(run().endpoints());
    SSLSocket socket = socket();
    try (LineClient again = new LineClient(front().address(), socket);
        LineClient other = connect(front())) {
      again.send("one\n");
      assertThat(again.line()).isEqualTo("1:one");
      assertThatThrownBy(
              () -> {
                socket.startHandshake();
                again.send("two\n");
                if (again.line() == null) {
                  throw new IOException("closed");
                }
              })
          .isInstanceOf(IOException.class);
      other.send("one\n");
      assertThat(other.line()).isEqualTo("1:one");
      await(() -> front().statistics().clients() == 1);
    }
  }
}
