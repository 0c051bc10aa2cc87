package io.understudy.failover.monitor;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.SortedMap;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Shows a {@link Monitor} over HTTP, to be read and never to be written:
 *
 * <ul>
 *   <li>{@code /metrics}: Prometheus's text format
 *   <li>{@code /healthz}: 200 as long as the process answers
 *   <li>{@code /readyz}: 200 if everything in the process is ready for its work, else 503; a line
 *       for each part says why
 * </ul>
 *
 * <p>There is neither authentication nor encryption, so it should listen where only monitoring
 * reaches it. Threads of its own answer.
 */
public final class HttpEndpoint implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(HttpEndpoint.class);
  private static final int THREADS = 2;
  private static final int BACKLOG = 16;
  private static final String TEXT = "text/plain; charset=utf-8";
  private static final String PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";

  private final HttpServer server;
  private final ExecutorService threads;

  private record Answer(int status, String type, String body) {}

  /** Makes an answer. */
  private interface Page {
    Answer answer();
  }

  private HttpEndpoint(HttpServer server, ExecutorService threads) {
    this.server = server;
    this.threads = threads;
  }

  /**
   * Listens and answers from now on.
   *
   * @param listen where; port 0 takes a free one
   * @param monitor stays the caller's
   * @throws UncheckedIOException if the address cannot be listened on
   */
  public static HttpEndpoint open(InetSocketAddress listen, Monitor monitor) {
    HttpServer server;
    try {
      server = HttpServer.create(listen, BACKLOG);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot listen for HTTP: address=" + listen, e);
    }
    ExecutorService threads =
        new ThreadPoolExecutor(
            THREADS,
            THREADS,
            0,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(BACKLOG),
            task -> {
              Thread thread = new Thread(task, "http");
              thread.setDaemon(true);
              return thread;
            },
            // The thread that accepts connections answers, and accepts no more meanwhile.
            new ThreadPoolExecutor.CallerRunsPolicy());
    server.setExecutor(threads);
    HttpEndpoint endpoint = new HttpEndpoint(server, threads);
    server.createContext("/", handler("/", () -> new Answer(404, TEXT, "no such page\n")));
    server.createContext(
        "/metrics", handler("/metrics", () -> new Answer(200, PROMETHEUS, monitor.scrape())));
    server.createContext("/healthz", handler("/healthz", () -> new Answer(200, TEXT, "ok\n")));
    server.createContext("/readyz", handler("/readyz", () -> readyz(monitor.readiness())));
    server.start();
    LOG.info(
        "metrics and health: http://{}:{}", listen.getHostString(), endpoint.address().getPort());
    return endpoint;
  }

  /** Where it listens, with the real port. */
  public InetSocketAddress address() {
    return server.getAddress();
  }

  private static Answer readyz(SortedMap<String, Readiness> parts) {
    if (parts.isEmpty()) {
      return new Answer(503, TEXT, "not ready: nothing has started yet\n");
    }
    StringBuilder text = new StringBuilder();
    parts.forEach(
        (name, part) ->
            text.append(part.ready() ? "ready" : "not ready")
                .append(": ")
                .append(name)
                .append(": ")
                .append(part.detail())
                .append('\n'));
    boolean ready = parts.values().stream().allMatch(Readiness::ready);
    return new Answer(ready ? 200 : 503, TEXT, text.toString());
  }

  private static HttpHandler handler(String path, Page page) {
    return exchange -> {
      try (exchange) {
        respond(exchange, choose(exchange, path, page));
      }
    };
  }

  private static Answer choose(HttpExchange exchange, String path, Page page) {
    String method = exchange.getRequestMethod();
    if (!method.equals("GET") && !method.equals("HEAD")) {
      exchange.getResponseHeaders().set("Allow", "GET, HEAD");
      return new Answer(405, TEXT, "only GET and HEAD\n");
    }
    // A context takes everything that begins like it.
    if (!exchange.getRequestURI().getPath().equals(path)) {
      return new Answer(404, TEXT, "no such page\n");
    }
    try {
      return page.answer();
    } catch (RuntimeException failure) {
      LOG.warn("cannot answer: path={}", path, failure);
      return new Answer(500, TEXT, "cannot answer, see the process's log\n");
    }
  }

  private static void respond(HttpExchange exchange, Answer answer) throws IOException {
    byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", answer.type());
    exchange.getResponseHeaders().set("X-Content-Type-Options", "nosniff");
    boolean isHead = exchange.getRequestMethod().equals("HEAD");
    exchange.sendResponseHeaders(answer.status(), isHead ? -1 : body.length);
    if (!isHead) {
      exchange.getResponseBody().write(body);
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
