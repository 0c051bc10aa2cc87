package io.understudy.systemtests.faults;

import io.understudy.log.ClusterConnection;
import io.understudy.schemas.Topics;
import io.understudy.schemas.VmId;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Damages files, disks and topics. Stateless. */
final class Damage {
  private static final Duration TIMEOUT = Duration.ofSeconds(30);
  private static final int GARBAGE_BYTES = 40;

  private Damage() {}

  /**
   * Changes one byte of a file.
   *
   * @param offset where
   * @param mask which bits, not 0
   */
  static void flip(Path file, long offset, int mask) {
    try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
      open.seek(offset);
      int old = open.read();
      open.seek(offset);
      open.write(old ^ mask);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot damage a file: file=" + file, e);
    }
  }

  /** The files below a directory that hold something, in order of their names. */
  static List<Path> files(Path directory) {
    try (Stream<Path> paths = Files.walk(directory)) {
      return paths
          .filter(path -> Files.isRegularFile(path) && path.toFile().length() > 0)
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot list a directory: directory=" + directory, e);
    }
  }

  /** Deletes a directory with all that is in it; one that is missing is no failure. */
  static void delete(Path directory) {
    if (!Files.exists(directory)) {
      return;
    }
    try (Stream<Path> paths = Files.walk(directory)) {
      for (Path path : (Iterable<Path>) paths.sorted(Comparator.reverseOrder())::iterator) {
        Files.delete(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot delete a directory: directory=" + directory, e);
    }
  }

  /** Writes a file until the disk is full. */
  static void fill(Path ballast) {
    byte[] block = new byte[4096];
    try (OutputStream out = Files.newOutputStream(ballast)) {
      while (true) {
        out.write(block);
      }
    } catch (IOException full) {
      if (full.getMessage() == null || !full.getMessage().contains("No space left")) {
        throw new UncheckedIOException("cannot fill a disk: file=" + ballast, full);
      }
    }
  }

  /** Takes away what was reserved behind the end of a file that is open somewhere. */
  static void releaseReserve(Path file) {
    long pages = (file.toFile().length() + 4095) / 4096;
    command(
        "fallocate",
        "--punch-hole",
        "--offset",
        Long.toString(pages * 4096),
        "--length",
        Long.toString(1L << 30),
        file.toString());
  }

  /** Makes a directory a small disk of its own, in memory. Takes root. */
  static void mount(Path directory, int mebibytes) {
    try {
      Files.createDirectories(directory);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot make a directory: directory=" + directory, e);
    }
    command(
        "mount",
        "-t",
        "tmpfs",
        "-o",
        "size=" + mebibytes + "m",
        "understudy-faults",
        directory.toString());
  }

  /** Takes such a disk away, even if it is in use. */
  static void unmount(Path directory) {
    command("umount", "-l", directory.toString());
  }

  /** Takes away what a suite that was killed has left mounted. */
  static void unmountBelow(Path directory) {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/mounts"))) {
        Path mounted = Path.of(line.split(" ", -1)[1]);
        if (mounted.startsWith(directory)) {
          unmount(mounted);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read /proc/mounts", e);
    }
  }

  /**
   * Puts a record into a VM's log that no leader has written: rubbish, nothing, or a record that is
   * there already.
   *
   * @return what it is
   */
  static String foreignRecord(ClusterConnection connection, String vm, Random random) {
    String topic = Topics.events(new VmId(vm));
    int partition = random.nextInt(4);
    byte[] value = new byte[GARBAGE_BYTES];
    String what = "rubbish";
    switch (random.nextInt(3)) {
      case 0 -> random.nextBytes(value);
      case 1 -> {
        value = null;
        what = "nothing";
      }
      default -> {
        value = first(connection, new TopicPartition(topic, partition));
        what = "the first record again";
      }
    }
    Map<String, Object> settings =
        Map.of(
            "bootstrap.servers",
            connection.bootstrapServers(),
            "acks",
            "all",
            "enable.metrics.push",
            "false");
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
      producer.send(new ProducerRecord<>(topic, partition, new byte[] {'0'}, value)).get();
    } catch (ExecutionException e) {
      throw new IllegalStateException("cannot write a foreign record: vm=" + vm, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while a foreign record is written", e);
    }
    return what + " in partition " + partition;
  }

  private static byte[] first(ClusterConnection connection, TopicPartition partition) {
    Map<String, Object> settings =
        Map.of("bootstrap.servers", connection.bootstrapServers(), "enable.metrics.push", "false");
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(TIMEOUT)) {
        return record.value();
      }
    }
    throw new IllegalStateException("the partition is empty: partition=" + partition);
  }

  private static void command(String... words) {
    try {
      int code = new ProcessBuilder(words).inheritIO().start().waitFor();
      if (code != 0) {
        throw new IllegalStateException(
            "command failed (it takes root): code=" + code + " command=" + String.join(" ", words));
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot start a command: " + String.join(" ", words), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while a command runs", e);
    }
  }
}
