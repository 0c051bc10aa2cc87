package io.understudy.broker;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.Reader;
import java.io.Writer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Properties;
import java.util.stream.Stream;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.AppInfoParser;
import org.apache.kafka.metadata.storage.Formatter;

/**
 * The directory an embedded broker keeps its data in, locked while this object is open.
 *
 * <pre>
 * understudy-broker.properties   layout version, and the Kafka version that formatted it
 * understudy-broker.lock         locked by the process that uses the directory
 * kafka/                         Kafka's log.dirs
 * </pre>
 *
 * <p>The properties file is written last and moved into place, so a directory without it was never
 * completely formatted. Kafka's files can be read by another Kafka version only after an upgrade
 * that this module does not do, so another version is refused instead of damaged.
 */
final class DataDirectory implements AutoCloseable {
  private static final String LAYOUT = "1";
  private static final String MARKER = "understudy-broker.properties";
  private static final String LOCK = "understudy-broker.lock";

  private final Path directory;
  private final FileChannel lock;

  private DataDirectory(Path directory, FileChannel lock) {
    this.directory = directory;
    this.lock = lock;
  }

  /** Locks {@code directory}, creates and formats it if it is new, and refuses foreign content. */
  static DataDirectory open(Path directory) {
    try {
      Files.createDirectories(directory);
      DataDirectory opened = new DataDirectory(directory, lock(directory));
      try {
        opened.checkOrFormat();
        return opened;
      } catch (IOException | RuntimeException e) {
        opened.close();
        throw e;
      }
    } catch (IOException e) {
      throw new BrokerException("cannot use data directory: directory=" + directory + ": " + e, e);
    }
  }

  /** Kafka's own directory. */
  Path logDirectory() {
    return directory.resolve("kafka");
  }

  @Override
  public void close() {
    try {
      lock.close();
    } catch (IOException e) {
      throw new BrokerException("cannot unlock data directory: directory=" + directory, e);
    }
  }

  private static FileChannel lock(Path directory) throws IOException {
    FileChannel channel =
        FileChannel.open(
            directory.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    FileLock lock = null;
    try {
      lock = channel.tryLock();
    } catch (OverlappingFileLockException e) {
      // Another broker of this JVM has it.
    }
    if (lock == null) {
      channel.close();
      throw new BrokerException("data directory is in use by a broker: directory=" + directory);
    }
    return channel;
  }

  private void checkOrFormat() throws IOException {
    Path marker = directory.resolve(MARKER);
    if (!Files.exists(marker)) {
      refuseForeignContent();
      format();
      return;
    }
    Properties properties = new Properties();
    try (Reader reader = Files.newBufferedReader(marker, StandardCharsets.UTF_8)) {
      properties.load(reader);
    }
    refuseUnless("layout", LAYOUT, properties);
    refuseUnless("kafka", AppInfoParser.getVersion(), properties);
  }

  private void refuseUnless(String name, String supported, Properties properties) {
    String found = properties.getProperty(name);
    if (!supported.equals(found)) {
      throw new BrokerException(
          "data directory is of another version: directory="
              + directory
              + " "
              + name
              + " supported="
              + supported
              + " found="
              + found);
    }
  }

  private void refuseForeignContent() throws IOException {
    try (Stream<Path> content = Files.list(directory)) {
      Path foreign =
          content
              .filter(path -> !path.endsWith(LOCK) && !path.equals(logDirectory()))
              .findFirst()
              .orElse(null);
      if (foreign != null) {
        throw new BrokerException(
            "directory is neither empty nor a broker's data directory: directory="
                + directory
                + " holds="
                + foreign.getFileName());
      }
    }
  }

  private void format() throws IOException {
    Files.createDirectories(logDirectory());
    Formatter formatter =
        new Formatter()
            .setPrintStream(
                new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8))
            .setNodeId(EmbeddedBroker.NODE_ID)
            .setClusterId(Uuid.randomUuid().toString())
            // A format that was cut short is repeated; nothing can have been written since.
            .setIgnoreFormatted(true)
            .setControllerListenerName(EmbeddedBroker.CONTROLLER_LISTENER)
            .addDirectory(logDirectory().toString())
            .setMetadataLogDirectory(logDirectory().toString());
    try {
      formatter.run();
    } catch (Exception e) {
      throw new BrokerException("cannot format data directory: directory=" + directory, e);
    }
    Properties properties = new Properties();
    properties.setProperty("layout", LAYOUT);
    properties.setProperty("kafka", AppInfoParser.getVersion());
    Path unfinished = directory.resolve(MARKER + ".new");
    try (Writer writer = Files.newBufferedWriter(unfinished, StandardCharsets.UTF_8)) {
      properties.store(writer, "Written by Understudy's embedded broker; do not edit.");
    }
    Files.move(unfinished, directory.resolve(MARKER), StandardCopyOption.ATOMIC_MOVE);
  }
}
