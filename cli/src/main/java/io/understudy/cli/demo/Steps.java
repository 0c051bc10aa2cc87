package io.understudy.cli.demo;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.function.Consumer;

/** Prints a line for people at each step of a demo, with the time since it began. */
final class Steps implements Consumer<String> {
  private final PrintWriter people;
  private final long startNanos = System.nanoTime();

  Steps(PrintWriter people) {
    this.people = people;
  }

  @Override
  public void accept(String step) {
    long millis = (System.nanoTime() - startNanos) / 1_000_000;
    people.println(String.format(Locale.ROOT, "[%6.1f s] %s", millis / 1000.0, step));
    people.flush();
  }
}
