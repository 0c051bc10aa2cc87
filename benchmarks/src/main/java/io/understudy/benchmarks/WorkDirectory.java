package io.understudy.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A directory for what processes keep while they are measured. Is deleted by {@link #close}, or
 * with this JVM, which ends all its child processes before. Owned by one thread.
 */
public final class WorkDirectory implements AutoCloseable {
  private static final int TRIES = 20;
  private static final long PAUSE_MILLIS = 50;

  private final Path path;
  private final Thread remover;

  private WorkDirectory(Path path) {
    this.path = path;
    this.remover = new Thread(this::endChildrenAndDelete, "work-directory-remover");
  }

  /** Makes an empty one among the system's temporary files. */
  public static WorkDirectory create() throws IOException {
    WorkDirectory directory = new WorkDirectory(Files.createTempDirectory("understudy-benchmark-"));
    try {
      Runtime.getRuntime().addShutdownHook(directory.remover);
    } catch (IllegalStateException ending) {
      Files.delete(directory.path);
      throw ending;
    }
    return directory;
  }

  /** Where it is. */
  public Path path() {
    return path;
  }

  /** Deletes it with all that is in it; whoever wrote there has ended. */
  @Override
  public void close() throws IOException {
    delete();
    try {
      Runtime.getRuntime().removeShutdownHook(remover);
    } catch (IllegalStateException ending) {
      // The JVM is ending; the hook finds nothing to delete.
      return;
    }
  }

  /** Children that are killed leave files open for a moment, and may even make new ones. */
  private void endChildrenAndDelete() {
    for (int tries = 1; Files.exists(path) && tries <= TRIES; tries++) {
      ProcessHandle.current().children().forEach(ProcessHandle::destroyForcibly);
      try {
        delete();
      } catch (IOException | UncheckedIOException inUse) {
        pause();
      }
    }
  }

  private static void pause() {
    try {
      TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void delete() throws IOException {
    if (!Files.exists(path)) {
      return;
    }
    List<Path> all;
    try (Stream<Path> paths = Files.walk(path)) {
      all = paths.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path file : all) {
      Files.deleteIfExists(file);
    }
  }
}
