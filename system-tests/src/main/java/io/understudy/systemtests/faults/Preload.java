package io.understudy.systemtests.faults;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Libraries that are preloaded into processes; their sources are beside this class. Stateless. */
final class Preload {
  private Preload() {}

  /**
   * Compiles one. Takes gcc.
   *
   * @param name of the source, without its ending
   * @return the library, in {@code directory}
   */
  static Path compile(String name, Path directory) {
    Path source = directory.resolve(name + ".c");
    Path library = directory.resolve(name + ".so");
    try (InputStream packed = Preload.class.getResourceAsStream(name + ".c")) {
      Files.copy(packed, source);
      List<String> command =
          List.of("gcc", "-shared", "-fPIC", "-O2", "-o", "" + library, "" + source, "-ldl");
      int code = new ProcessBuilder(command).inheritIO().start().waitFor();
      if (code != 0) {
        throw new IllegalStateException("cannot compile: command=" + command + " code=" + code);
      }
      return library;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot compile " + source + ": is gcc installed?", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while gcc compiles", e);
    }
  }
}
