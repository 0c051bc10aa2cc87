package io.understudy.cli.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.URLEncoder;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * The few requests to a container engine (Docker's HTTP interface over its Unix socket,
 * https://docs.docker.com/reference/api/engine/) that a demo needs: find, kill, start, read what
 * was printed. Each has a connection of its own. Thread-safe.
 *
 * <p>Every method throws {@link DemoException} when the engine cannot be reached, has not answered
 * in full when a timeout is over, or refuses.
 */
final class ContainerEngine {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int HEADER_BYTES = 8;
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private final Path socket;
  private final Duration timeout;

  ContainerEngine(Path socket) {
    this(socket, TIMEOUT);
  }

  /**
   * An engine with less, or more, time to answer.
   *
   * @param timeout for each request, from connecting to the answer's last byte
   */
  ContainerEngine(Path socket, Duration timeout) {
    this.socket = socket;
    this.timeout = timeout;
  }

  /**
   * The containers, running or not, that have all of {@code labels}.
   *
   * @return their ids
   */
  List<String> containers(Map<String, String> labels) {
    List<String> wanted = new ArrayList<>();
    new TreeMap<>(labels).forEach((name, value) -> wanted.add(name + "=" + value));
    String filters = URLEncoder.encode(text(Map.of("label", wanted)), StandardCharsets.UTF_8);
    JsonNode found = json(request("GET", "/containers/json?all=true&filters=" + filters));
    List<String> ids = new ArrayList<>();
    found.forEach(container -> ids.add(container.path("Id").asText()));
    return ids;
  }

  /** SIGKILL; the engine answers when it has sent it. */
  void kill(String id) {
    request("POST", "/containers/" + id + "/kill?signal=KILL");
    // Answers when the container is not running any more.
    request("POST", "/containers/" + id + "/wait?condition=not-running");
  }

  /** Starts a container that has ended; one that runs goes on. */
  void start(String id) {
    request("POST", "/containers/" + id + "/start");
  }

  /** What a container has printed, on both streams. */
  List<String> lines(String id) {
    byte[] log = request("GET", "/containers/" + id + "/logs?stdout=true&stderr=true");
    StringBuilder text = new StringBuilder();
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(log))) {
      // Frames: the stream's number, three zeros, the length, the bytes.
      while (in.available() >= HEADER_BYTES) {
        in.readInt();
        text.append(new String(in.readNBytes(in.readInt()), StandardCharsets.UTF_8));
      }
    } catch (IOException e) {
      throw new DemoException("not a log of a container: id=" + id, e);
    }
    return text.toString().lines().toList();
  }

  private byte[] request(String method, String path) {
    // Fails when the time is over; completed before, it forgets its timer.
    CompletableFuture<Void> answered =
        new CompletableFuture<Void>().orTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS);
    byte[] answer;
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      CompletableFuture<Void> unused =
          answered.whenComplete((done, late) -> closeIf(late != null, channel));
      channel.connect(UnixDomainSocketAddress.of(socket));
      // Of version 1.0, so that the answer ends with the connection and has no chunks.
      String head = method + " " + path + " HTTP/1.0\r\nHost: engine\r\nContent-Length: 0\r\n\r\n";
      ByteBuffer bytes = ByteBuffer.wrap(head.getBytes(StandardCharsets.US_ASCII));
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      answer = Channels.newInputStream(channel).readAllBytes();
    } catch (IOException e) {
      throw new DemoException(
          "the container engine does not answer: socket="
              + socket
              + " request="
              + path
              + ": "
              + (answered.isCompletedExceptionally() ? "timeout=" + timeout.toMillis() + " ms" : e),
          e);
    } finally {
      answered.complete(null);
    }
    return body(path, answer);
  }

  /** Wakes the thread that waits at the channel: a Unix socket has no timeout for reads. */
  private static void closeIf(boolean late, SocketChannel channel) {
    try {
      if (late) {
        channel.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the engine's socket cannot be closed", e);
    }
  }

  private byte[] body(String path, byte[] answer) {
    // A byte is a character here, so that places in the text are places in the answer.
    String text = new String(answer, StandardCharsets.ISO_8859_1);
    int end = text.indexOf("\r\n\r\n");
    String status = text.lines().findFirst().orElse("");
    if (end < 0 || !status.matches("HTTP/1\\.[01] (2\\d\\d|304) .*")) {
      throw new DemoException(
          "the container engine refuses: socket="
              + socket
              + " request="
              + path
              + " answer="
              + status
              + (end < 0 ? "" : " " + text.substring(end + 4).strip()));
    }
    return text.substring(end + 4).getBytes(StandardCharsets.ISO_8859_1);
  }

  private static JsonNode json(byte[] bytes) {
    try {
      return JSON.readTree(bytes);
    } catch (IOException e) {
      throw new DemoException("the container engine's answer is no JSON", e);
    }
  }

  private static String text(Object value) {
    try {
      return JSON.writeValueAsString(value);
    } catch (IOException e) {
      throw new IllegalStateException("a map of texts cannot be written", e);
    }
  }
}
