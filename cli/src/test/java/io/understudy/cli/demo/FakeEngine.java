package io.understudy.cli.demo;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/**
 * Listens at a Unix socket as a container engine does, and answers as told; when it was told no
 * answer any more, it takes requests and hangs.
 */
final class FakeEngine implements AutoCloseable {
  static final byte[] NO_CONTENT = bytes("HTTP/1.0 204 No Content\r\n\r\n");

  private final Path socket;
  private final ServerSocketChannel server;
  private final BlockingQueue<byte[]> answers = new ArrayBlockingQueue<>(8);
  private final BlockingQueue<String> requests = new ArrayBlockingQueue<>(8);
  private final List<SocketChannel> hanging = new CopyOnWriteArrayList<>();

  FakeEngine(Path directory) throws IOException {
    socket = directory.resolve("engine.sock");
    server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(socket));
    Thread thread = new Thread(this::serve, "engine");
    thread.setDaemon(true);
    thread.start();
  }

  Path socket() {
    return socket;
  }

  /** The answer to the next request that has none. */
  void answer(byte[] answer) {
    answers.add(answer);
  }

  /** The first line of the next request, or null if there is none for long. */
  String request() throws InterruptedException {
    return requests.poll(10, TimeUnit.SECONDS);
  }

  /** The first lines of all requests that were not asked for. */
  List<String> requests() {
    List<String> all = new ArrayList<>();
    requests.drainTo(all);
    return all;
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  @Override
  public void close() throws IOException {
    server.close();
    for (SocketChannel client : hanging) {
      client.close();
    }
  }

  private void serve() {
    while (server.isOpen()) {
      try {
        SocketChannel client = server.accept();
        requests.add(head(client).lines().findFirst().orElse(""));
        byte[] answer = answers.poll();
        if (answer == null) {
          hanging.add(client);
          continue;
        }
        client.write(ByteBuffer.wrap(answer));
        client.close();
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
}
