package io.understudy.benchmarks.vms;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** What processes wrote to files, for people who look for a failure's reason. Stateless. */
final class Logs {
  private static final int LINES = 15;

  private Logs() {}

  /** The last lines of each {@code *.log} in a directory, under its name. */
  static String tails(Path directory) throws IOException {
    StringBuilder text = new StringBuilder();
    List<Path> files;
    try (Stream<Path> paths = Files.list(directory)) {
      files = paths.filter(path -> path.toString().endsWith(".log")).sorted().toList();
    }
    for (Path file : files) {
      // A line may be cut in the middle of a character.
      List<String> lines =
          new String(Files.readAllBytes(file), StandardCharsets.UTF_8).lines().toList();
      text.append("--- ").append(file.getFileName()).append('\n');
      lines
          .subList(Math.max(0, lines.size() - LINES), lines.size())
          .forEach(line -> text.append(line).append('\n'));
    }
    return text.toString();
  }
}
