package io.understudy.benchmarks.vms;

import io.understudy.cli.demo.RespClient;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/** Knows SET and GET, answers in the client's thread, and remembers what it was asked. */
final class FakeService {
  final List<String> requests = new ArrayList<>();
  private final Map<String, String> values = new HashMap<>();
  private final ByteArrayOutputStream request = new ByteArrayOutputStream();
  private ByteArrayInputStream replies = new ByteArrayInputStream(new byte[0]);
  private long firstAnswerNanos;
  private boolean forgets;

  /** The first answer takes so long. */
  FakeService withSlowStart(long nanos) {
    firstAnswerNanos = nanos;
    return this;
  }

  /** It keeps nothing. */
  FakeService withoutMemory() {
    forgets = true;
    return this;
  }

  RespClient client() {
    return RespClient.over(new Replies(), new Requests());
  }

  private void answer() {
    if (requests.isEmpty()) {
      long endNanos = System.nanoTime() + firstAnswerNanos;
      while (System.nanoTime() - endNanos < 0) {
        LockSupport.parkNanos(endNanos - System.nanoTime());
      }
    }
    List<String> words =
        request.toString(StandardCharsets.US_ASCII).lines().filter(FakeService::isWord).toList();
    request.reset();
    requests.add(String.join(" ", words));
    String reply = "+OK\r\n";
    if (words.get(0).equals("SET")) {
      values.put(words.get(1), forgets ? "" : words.get(2));
    } else {
      String value = values.getOrDefault(words.get(1), "");
      reply = "$" + value.length() + "\r\n" + value + "\r\n";
    }
    replies = new ByteArrayInputStream(reply.getBytes(StandardCharsets.US_ASCII));
  }

  private static boolean isWord(String line) {
    return !line.startsWith("*") && !line.startsWith("$");
  }

  private final class Requests extends OutputStream {
    @Override
    public void write(int value) {
      request.write(value);
    }

    @Override
    public void flush() {
      answer();
    }
  }

  private final class Replies extends InputStream {
    @Override
    public int read() {
      return replies.read();
    }

    @Override
    public int read(byte[] bytes, int offset, int length) {
      return replies.read(bytes, offset, length);
    }
  }
}
