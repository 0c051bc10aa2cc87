package io.understudy.log;

import io.understudy.broker.EmbeddedBroker;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/** A broker in a JVM of its own, so that a test can kill it as an operating system would. */
final class BrokerProcess {
  private static final String READY = "ready";

  private BrokerProcess() {}

  /** Starts a broker process and returns when it serves. */
  static Process start(Path directory, int port) throws IOException {
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    Process process =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xmx256m",
                    "-XX:TieredStopAtLevel=1",
                    "-cp",
                    classPath,
                    BrokerProcess.class.getName(),
                    directory.toString(),
                    Integer.toString(port)))
            .redirectErrorStream(true)
            .start();
    BufferedReader output = process.inputReader(StandardCharsets.UTF_8);
    StringBuilder seen = new StringBuilder();
    String line = output.readLine();
    while (line != null && !line.equals(READY)) {
      seen.append(line).append('\n');
      line = output.readLine();
    }
    if (line == null) {
      throw new IOException("broker process ended before it served: " + seen);
    }
    return process;
  }

  /** Arguments: data directory, port. */
  public static void main(String[] args) throws InterruptedException {
    try (EmbeddedBroker broker =
        EmbeddedBroker.start(Path.of(args[0]), Integer.parseInt(args[1]))) {
      System.out.println(READY);
      System.out.flush();
      new CountDownLatch(broker.port() > 0 ? 1 : 0).await();
    }
  }
}
