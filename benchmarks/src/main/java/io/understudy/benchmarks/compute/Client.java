package io.understudy.benchmarks.compute;

import io.understudy.capture.StopReason;
import io.understudy.machine.Machine;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Sends the traffic to a guest and waits for its answers, on a thread of its own. */
final class Client {
  private static final long REPLY_SECONDS = 120;
  private static final long ROOM_NANOS = 100_000;

  /** How the guest runs and is reached. */
  interface Line {
    /**
     * Runs the guest on the calling thread.
     *
     * @return why it ended
     */
    StopReason run() throws InterruptedException;

    /**
     * Sends.
     *
     * @param offset of all input so far
     * @return false if there is no room now
     */
    boolean offer(long offset, byte[] request);

    /** Ends the guest soon. */
    void hangUp();
  }

  /**
   * A computation that nothing disturbed.
   *
   * @param inputOffset of its request
   * @param nanos until the first byte of its answer
   * @param instructions counted meanwhile, with the few that it took to receive the request
   * @param untilPosition where the guest was when it answered
   */
  record Burn(long inputOffset, long nanos, long instructions, long untilPosition) {}

  private record Sent(long inputOffset, long nanos) {}

  private final Traffic traffic;
  private final Answers answers;
  private final Line line;
  private final List<Sent> sent = new ArrayList<>();
  private final FutureTask<Void> task;
  private long offset;

  /** A client that has not begun. */
  Client(Traffic traffic, Answers answers, Line line) {
    this.traffic = traffic;
    this.answers = answers;
    this.line = line;
    Callable<Void> talk =
        () -> {
          try {
            talk();
          } finally {
            line.hangUp();
          }
          return null;
        };
    this.task = new FutureTask<>(talk);
  }

  /**
   * Runs the guest on the calling thread, kicked at random, until the client is done.
   *
   * @return the metered computations, in order
   * @throws IllegalStateException if the guest ended by itself, or a reply is missing or is an
   *     error
   */
  List<Burn> talkTo(Machine machine, long kickSeed) throws InterruptedException {
    StopReason reason;
    try (Kicker kicker = new Kicker(machine, kickSeed)) {
      kicker.start();
      new Thread(task, "benchmark-client").start();
      reason = line.run();
    } finally {
      answers.stop();
    }
    List<Burn> burns = finish();
    if (reason.kind() != StopReason.Kind.REQUESTED) {
      throw new IllegalStateException("the run ended by itself: " + reason);
    }
    return burns;
  }

  private void talk() throws InterruptedException {
    List<Traffic.Request> requests = traffic.requests();
    for (int index = 0; index < requests.size(); index++) {
      Traffic.Request request = requests.get(index);
      boolean isAlone = request.isMetered() || (index > 0 && requests.get(index - 1).isMetered());
      int answered = isAlone ? index : Math.max(0, index + 1 - traffic.window());
      if (!answers.await(answered, REPLY_SECONDS)) {
        return;
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(request.pauseMillis()));
      send(request.bytes());
    }
    answers.await(requests.size(), REPLY_SECONDS);
  }

  private void send(byte[] request) {
    sent.add(new Sent(offset, System.nanoTime()));
    while (!line.offer(offset, request)) {
      if (Thread.interrupted()) {
        throw new IllegalStateException("interrupted while the guest has no room");
      }
      LockSupport.parkNanos(ROOM_NANOS);
    }
    offset += request.length;
  }

  private List<Burn> finish() throws InterruptedException {
    try {
      task.get();
    } catch (ExecutionException failed) {
      throw new IllegalStateException("the client failed", failed.getCause());
    }
    List<Answers.Reply> replies = answers.replies();
    List<Burn> burns = new ArrayList<>();
    for (int index = 0; index < traffic.requests().size(); index++) {
      if (index >= replies.size() || replies.get(index).isError()) {
        throw new IllegalStateException(
            "a request was not answered: request=" + traffic.requests().get(index));
      }
      if (traffic.requests().get(index).isMetered()) {
        Answers.Moment end = replies.get(index).begin();
        burns.add(
            new Burn(
                sent.get(index).inputOffset(),
                end.nanos() - sent.get(index).nanos(),
                end.instructions() - replies.get(index - 1).end().instructions(),
                end.position()));
      }
    }
    return burns;
  }
}
