package io.understudy.cli.demo;

import static io.understudy.cli.demo.FakeEngine.NO_CONTENT;
import static io.understudy.cli.demo.FakeEngine.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The requests on the wire, and what is made of the answers; the engine here answers as told. */
final class ContainerEngineTest {
  @TempDir private Path directory;

  private FakeEngine fake;
  private ContainerEngine engine;

  @BeforeEach
  void listen() throws IOException {
    fake = new FakeEngine(directory);
    engine = new ContainerEngine(fake.socket());
  }

  @AfterEach
  void close() throws IOException {
    fake.close();
  }

  @Test
  void containers_asksForAllLabels_andReturnsIds() throws InterruptedException {
    fake.answer(
        bytes("HTTP/1.0 200 OK\r\n\r\n[{\"Id\":\"aa\",\"Names\":[\"/x\"]},{\"Id\":\"bb\"}]"));

    assertThat(engine.containers(Map.of("b", "2", "a", "1"))).containsExactly("aa", "bb");

    assertThat(URLDecoder.decode(fake.request(), StandardCharsets.UTF_8))
        .isEqualTo("GET /containers/json?all=true&filters={\"label\":[\"a=1\",\"b=2\"]} HTTP/1.0");
  }

  @Test
  void kill_sendsTheSignal_andWaitsForTheEnd() throws InterruptedException {
    fake.answer(NO_CONTENT);
    fake.answer(bytes("HTTP/1.0 200 OK\r\n\r\n{\"StatusCode\":137}"));

    engine.kill("aa");

    assertThat(fake.request()).isEqualTo("POST /containers/aa/kill?signal=KILL HTTP/1.0");
    assertThat(fake.request()).isEqualTo("POST /containers/aa/wait?condition=not-running HTTP/1.0");
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
    fake.answer(log.toByteArray());

    assertThat(engine.lines("aa")).containsExactly("first line", "secönd");
  }

  @Test
  void start_saysWhatTheEngineSaid_whenItRefuses() {
    fake.answer(bytes("HTTP/1.0 404 Not Found\r\n\r\n{\"message\":\"No such container: aa\"}\n"));

    assertThatThrownBy(() -> engine.start("aa"))
        .isInstanceOf(DemoException.class)
        .hasMessageContainingAll(
            fake.socket().toString(), "/containers/aa/start", "404", "No such container: aa");
  }

  @Test
  void start_namesTheSocket_whenNobodyListens() throws IOException {
    fake.close();

    assertThatThrownBy(() -> engine.start("aa"))
        .isInstanceOf(DemoException.class)
        .hasMessageContaining("does not answer: socket=" + fake.socket());
  }

  @Test
  void start_isDone_whenTheContainerRunsAlready() throws InterruptedException {
    fake.answer(bytes("HTTP/1.0 304 Not Modified\r\n\r\n"));

    engine.start("aa");

    assertThat(fake.request()).isEqualTo("POST /containers/aa/start HTTP/1.0");
  }

  @Test
  @Timeout(60)
  void kill_namesSocketAndRequest_whenTheEngineHangs() {
    fake.answer(NO_CONTENT);
    ContainerEngine hasty = new ContainerEngine(fake.socket(), Duration.ofMillis(300));

    assertThatThrownBy(() -> hasty.kill("aa"))
        .isInstanceOf(DemoException.class)
        .hasMessageContainingAll(
            "does not answer: socket=" + fake.socket(), "/containers/aa/wait", "timeout=300 ms");
  }
}
