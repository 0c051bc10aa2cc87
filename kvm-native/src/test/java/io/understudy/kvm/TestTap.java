package io.understudy.kvm;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Network interfaces of a test, deleted when it ends. They are made with {@code ip}, which needs
 * root and {@code /dev/net/tun}: without, the test is skipped with the reason, or fails where
 * {@code CI=true}.
 */
public final class TestTap implements AutoCloseable {
  private static final AtomicInteger NEXT = new AtomicInteger();
  private static final int TIMEOUT_SECONDS = 20;

  private final Deque<String> made = new ArrayDeque<>();

  /** Whoever makes interfaces must be allowed to. */
  public TestTap() {
    if (!Files.isWritable(Path.of("/dev/net/tun"))) {
      missing("/dev/net/tun is missing or may not be used");
    }
    String probe = name();
    try {
      ip("tuntap", "add", "dev", probe, "mode", "tap");
      ip("link", "delete", probe);
    } catch (IOException impossible) {
      missing("network interfaces cannot be made: " + impossible.getMessage());
    }
  }

  private static void missing(String reason) {
    if ("true".equals(System.getenv("CI"))) {
      fail(reason);
    }
    abort(reason);
  }

  /** A TAP interface that is up. */
  public String tap() throws IOException {
    String name = name();
    ip("tuntap", "add", "dev", name, "mode", "tap");
    made.push(name);
    ip("link", "set", name, "up");
    return name;
  }

  /** A TUN interface, which carries packets instead of frames. */
  public String tun() throws IOException {
    String name = name();
    ip("tuntap", "add", "dev", name, "mode", "tun");
    made.push(name);
    return name;
  }

  /** Connects interfaces as a switch does. */
  public void bridge(String... interfaces) throws IOException {
    String bridge = name();
    ip("link", "add", bridge, "type", "bridge");
    made.push(bridge);
    for (String each : interfaces) {
      ip("link", "set", each, "master", bridge);
    }
    ip("link", "set", bridge, "up");
  }

  /** Unplugs or deletes or does whatever else {@code ip link} can. */
  public void link(String... words) throws IOException {
    String[] all = new String[words.length + 1];
    all[0] = "link";
    System.arraycopy(words, 0, all, 1, words.length);
    ip(all);
  }

  /** An interface's name that no other test uses at the same time. */
  public static String name() {
    return "ut" + ProcessHandle.current().pid() % 1_000_000 + "x" + NEXT.getAndIncrement();
  }

  private static void ip(String... words) throws IOException {
    List<String> command = new java.util.ArrayList<>(List.of("ip"));
    command.addAll(List.of(words));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
        throw new IOException(String.join(" ", command) + ": " + output.strip());
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IOException(interrupted);
    }
  }

  @Override
  public void close() throws IOException {
    while (!made.isEmpty()) {
      String name = made.pop();
      if (Files.exists(Path.of("/sys/class/net", name))) {
        ip("link", "delete", name);
      }
    }
  }
}
