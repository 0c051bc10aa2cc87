package io.understudy.cli.demo;

import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Waits for a process that replays a log, as long as it gets on: a log of many hours takes long.
 * Tells people now and then how far it is. Owned by one thread.
 */
final class ReplayWatch {
  private static final Duration LOOK = Duration.ofSeconds(10);
  private static final Pattern PROGRESS = Pattern.compile("^replaying: .*\\bepoch=([0-9]+)");

  private final EventLogSize size;
  private final Duration patience;
  private final Runnable stillPossible;
  private final Consumer<String> people;
  private long epoch = -1;
  private long progressNanos;

  /**
   * A replay that begins now.
   *
   * @param size what it has to replay
   * @param patience how long it may take to begin, to get on, and to end after the last epoch
   * @param nowNanos of {@link System#nanoTime}
   * @param stillPossible called now and then; throws when the replay cannot end any more
   */
  ReplayWatch(
      EventLogSize size,
      Duration patience,
      long nowNanos,
      Runnable stillPossible,
      Consumer<String> people) {
    this.size = size;
    this.patience = patience;
    this.stillPossible = stillPossible;
    this.progressNanos = nowNanos;
    this.people = people;
  }

  /**
   * Waits until the process has ended.
   *
   * @return its exit code
   * @throws DemoException if it gets on no more
   */
  int awaitExit(ChildJvm replay) {
    while (!replay.endsWithin(LOOK)) {
      stillPossible.run();
      look(replay.lines(), System.nanoTime());
    }
    return replay.awaitExit(Duration.ZERO);
  }

  /**
   * Sees how far it is.
   *
   * @param lines all that the process has printed
   * @param nowNanos of {@link System#nanoTime}
   * @throws DemoException if there was no progress for too long
   */
  void look(List<String> lines, long nowNanos) {
    for (int i = lines.size() - 1; i >= 0; i--) {
      Matcher progress = PROGRESS.matcher(lines.get(i));
      if (progress.find()) {
        took(Long.parseLong(progress.group(1)), nowNanos);
        break;
      }
    }
    if (nowNanos - progressNanos >= patience.toNanos()) {
      throw new DemoException(
          "the replay gets on no more: epoch="
              + (epoch < 0 ? "none" : epoch)
              + " epochs="
              + size.epochs()
              + " patience="
              + patience.toMillis()
              + " ms; the last it said:\n"
              + String.join("\n", lines.subList(Math.max(0, lines.size() - 10), lines.size())));
    }
  }

  private void took(long now, long nowNanos) {
    if (now > epoch) {
      epoch = now;
      progressNanos = nowNanos;
      long done = now + 1 - size.firstEpoch();
      people.accept("  replayed " + done + " of " + size.epochs() + " epochs");
    }
  }
}
