package io.understudy.systemtests.faults;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * Wall clocks of processes that can be set, each alone, without touching the host's: a library is
 * preloaded into the process (see {@code jumping-clock.c}). Takes gcc. Owned by one thread.
 */
final class JumpingClocks {
  private final Path directory;
  private final Path library;

  private JumpingClocks(Path directory, Path library) {
    this.directory = directory;
    this.library = library;
  }

  /** Compiles the library; clocks are files in {@code directory}. */
  static JumpingClocks in(Path directory) {
    return new JumpingClocks(directory, Preload.compile("jumping-clock", directory));
  }

  /** What stands before the command of a process that shall have a clock of its own. */
  List<String> prefix(String process) {
    if (!Files.exists(clock(process))) {
      set(process, 0);
    }
    return List.of("env", "LD_PRELOAD=" + library, "UNDERSTUDY_CLOCK=" + clock(process));
  }

  /** Sets a process's clock to the host's time and so many seconds more. */
  void set(String process, long seconds) {
    ByteBuffer value = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.nativeOrder());
    value.putLong(0, seconds);
    try (FileChannel file =
        FileChannel.open(clock(process), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      file.write(value);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot set a clock: process=" + process, e);
    }
  }

  private Path clock(String process) {
    return directory.resolve(process + ".clock");
  }
}
