package io.understudy.failover.front;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** Keeps what a front tells, as text such as {@code "attached 127.0.0.1:4711 2"}. */
final class RecordingListener implements FrontListener {
  private final BlockingQueue<String> events = new LinkedBlockingQueue<>();

  /** Drops events until one begins with {@code prefix}, and returns it. */
  String await(String prefix) throws InterruptedException {
    return await(event -> event.startsWith(prefix), prefix);
  }

  private String await(Predicate<String> wanted, String what) throws InterruptedException {
    List<String> seen = new ArrayList<>();
    while (true) {
      String event = events.poll(20, TimeUnit.SECONDS);
      assertThat(event).as("wanted: %s, seen: %s", what, seen).isNotNull();
      seen.add(event);
      if (wanted.test(event)) {
        return event;
      }
    }
  }

  /** All events not awaited yet. */
  List<String> rest() {
    List<String> rest = new ArrayList<>();
    events.drainTo(rest);
    return rest;
  }

  @Override
  public void linkLost(Endpoint node, LinkLoss loss, String detail) {
    events.add("lost " + loss + " " + node + " " + detail);
  }

  @Override
  public void linkRefused(Endpoint node, String detail) {
    events.add("refused " + node);
  }

  @Override
  public void attached(Endpoint node, long term) {
    events.add("attached " + term + " " + node);
  }

  @Override
  public void firstOutput(Endpoint node, long term, Instant when) {
    events.add("output " + term + " " + node);
  }

  @Override
  public void inconsistent(Endpoint node, String what) {
    events.add("inconsistent " + node + " " + what);
  }

  @Override
  public void failed(Throwable failure) {
    events.add("failed " + failure);
  }
}
