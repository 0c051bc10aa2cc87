package io.understudy.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.URLDecoder;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The requests on the wire, and what is made of the answers; the engine here answers as told. */
final class ContainerEngineTest {
  private static final byte[] NO_CONTENT = bytes("HTTP/1.0 204 No Content\r\n\r\n");

  @TempDir private Path directory;

  private final BlockingQueue<byte[]> answers = new ArrayBlockingQueue<>(8);
  private final BlockingQueue<String> requests = new ArrayBlockingQueue<>(8);
  private Path socket;
  private ServerSocketChannel server;
  private ContainerEngine engine;

  @BeforeEach
  void listen() throws IOException {
    socket = directory.resolve("engine.sock");
    server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(socket));
    Thread thread = new Thread(this::serve, "engine");
    thread.setDaemon(true);
    thread.start();
    engine = new ContainerEngine(socket);
  }

  @AfterEach
  void close() throws IOException {
    server.close();
  }

  @Test
  void containers_asksForAllLabels_andReturnsIds() throws InterruptedException {
    answers.add(
        bytes("HTTP/1.0 200 OK\r\n\r\n[{\"Id\":\"aa\",\"Names\":[\"/x\"]},{\"Id\":\"bb\"}]"));

    assertThat(engine.containers(Map.of("b", "2", "a", "1"))).containsExactly("aa", "bb");

    assertThat(URLDecoder.decode(request(), StandardCharsets.UTF_8))
        .isEqualTo("GET /containers/json?all=true&filters={\"label\":[\"a=1\",\"b=2\"]} HTTP/1.0");
  }

  @Test
  void kill_sendsTheSignal_andWaitsForTheEnd() throws InterruptedException {
    answers.add(NO_CONTENT);
    answers.add(bytes("HTTP/1.0 200 OK\r\n\r\n{\"StatusCode\":137}"));

    engine.kill("aa");

    assertThat(request()).isEqualTo("POST /containers/aa/kill?signal=KILL HTTP/1.0");
    assertThat(request()).isEqualTo("POST /containers/aa/wait?condition=not-running HTTP/1.0");
  }

  @Test
  void lines_joinsTheFramesOfBothStreams() throws IOException {
    ByteArrayOutputStream log = new ByteArrayOutputStream();
    DataOutputStream frames = new DataOutputStream(log);
    frames.write(bytes("HTTP/1.0 200 OK\r\n\r\n"));
    for (String part : List.of("first li", "ne\nsecönd\n")) {
      byte[] text = part.getBytes(StandardCharsets.UTF_8);
      frames.writeInt(0x01000000);
      frames.writeInt(text.length);
      frames.write(text);
    }
    answers.add(log.toByteArray());

    assertThat(engine.lines("aa")).containsExactly("first line", "secönd");
  }

  @Test
  void start_saysWhatTheEngineSaid_whenItRefuses() {
    answers.add(bytes("HTTP/1.0 404 Not Found\r\n\r\n{\"message\":\"No such container: aa\"}\n"));

    assertThatThrownBy(() -> engine.start("aa"))
        .isInstanceOf(DemoException.class)
        .hasMessageContainingAll(
            socket.toString(), "/containers/aa/start", "404", "No such container: aa");
  }

  @Test
  void start_namesTheSocket_whenNobodyListens() throws IOException {
    server.close();

    assertThatThrownBy(() -> engine.start("aa"))
        .isInstanceOf(DemoException.class)
        .hasMessageContaining("does not answer: socket=" + socket);
  }

  private String request() throws InterruptedException {
    return requests.poll(10, TimeUnit.SECONDS);
  }

  private void serve() {
    while (server.isOpen()) {
      try (SocketChannel client = server.accept()) {
        requests.add(head(client).lines().findFirst().orElse(""));
        client.write(ByteBuffer.wrap(answers.remove()));
      } catch (IOException closed) {
        return;
      }
    }
  }

  private static String head(SocketChannel client) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(4096);
    String text = "";
    while (!text.endsWith("\r\n\r\n") && client.read(buffer) >= 0) {
      text = new String(buffer.array(), 0, buffer.position(), StandardCharsets.US_ASCII);
    }
    return text;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }
}
