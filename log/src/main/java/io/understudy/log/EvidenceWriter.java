package io.understudy.log;

import io.understudy.schemas.Hashes;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import org.apache.avro.file.DataFileWriter;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;

/**
 * Writes an evidence file under a temporary name beside the final one, which it gets when all of it
 * is on the disk; otherwise nothing is left. Checks nothing but sizes: what it is given was
 * verified. Owned by one thread.
 */
final class EvidenceWriter implements Closeable {
  private final Path target;
  private final Path temporary;
  private final EvidenceHeader header;
  private final byte[] blankHeader;
  private final FileChannel channel;
  private final MessageDigest rest = Hashes.sha256();
  private final DataFileWriter<GenericRecord> container;

  /**
   * Makes the temporary file.
   *
   * @param header with {@link EvidenceFormat#UNKNOWN} as its end
   * @throws UncheckedIOException if that is impossible
   */
  EvidenceWriter(Path target, Path temporary, EvidenceHeader header) {
    this.target = target;
    this.temporary = temporary;
    this.header = header;
    this.blankHeader = EvidenceFormat.headerBytes(header, EvidenceFormat.NO_CHECKSUM);
    this.channel = open();
    this.container =
        EvidenceFormat.container(EvidenceFormat.metadata(header, EvidenceFormat.NO_CHECKSUM));
    try {
      container.create(EvidenceFormat.SCHEMA, new Sink(), EvidenceFormat.sync(header));
    } catch (IOException e) {
      close();
      throw failed(e);
    }
  }

  private FileChannel open() {
    try {
      return FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /** Passes on what the container writes, and digests all but the header. */
  private final class Sink extends OutputStream {
    private final OutputStream out = Channels.newOutputStream(channel);
    private int headerLeft = blankHeader.length;

    @Override
    public void write(int oneByte) throws IOException {
      write(new byte[] {(byte) oneByte}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int start, int length) throws IOException {
      int ofHeader = Math.min(headerLeft, length);
      headerLeft -= ofHeader;
      rest.update(bytes, start + ofHeader, length - ofHeader);
      out.write(bytes, start, length);
    }
  }

  /**
   * Adds the next record.
   *
   * @throws LogException if it is longer than a record can be
   */
  void add(EvidenceRecord record) {
    refuseIfLonger("value", record.value().length, SealedEpoch.MAX_RECORD_BYTES, record);
    if (record.key() != null) {
      // No character has more than three bytes but those that are two in Java.
      refuseIfLonger("key", record.key().length() * 3, EvidenceFormat.LONGEST_KEY, record);
    }
    GenericRecord datum = new GenericData.Record(EvidenceFormat.SCHEMA);
    datum.put("partition", record.partition());
    datum.put("offset", record.offset());
    datum.put("timestamp", record.timestampMillis());
    datum.put("key", record.key());
    datum.put("value", ByteBuffer.wrap(record.value()));
    try {
      container.append(datum);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /** Completes the temporary file, up to the last byte on the disk. */
  void finish(ChainState end) {
    EvidenceHeader complete =
        new EvidenceHeader(
            header.program(),
            header.vm(),
            header.run(),
            header.partitions(),
            header.start(),
            new EvidenceHeader.ChainEnd(end.lastEpoch(), end.hashHex()));
    try {
      container.flush();
      String checksum =
          EvidenceFormat.checksum(
              EvidenceFormat.headerBytes(complete, EvidenceFormat.NO_CHECKSUM), rest.digest());
      byte[] finalHeader = EvidenceFormat.headerBytes(complete, checksum);
      if (finalHeader.length != blankHeader.length) {
        throw new IllegalStateException(
            "a header must not change its length: was="
                + blankHeader.length
                + " is="
                + finalHeader.length);
      }
      ByteBuffer bytes = ByteBuffer.wrap(finalHeader);
      while (bytes.hasRemaining()) {
        channel.write(bytes, bytes.position());
      }
      channel.force(true);
      channel.close();
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /** Gives the finished file its name, also on the disk. */
  void publish() {
    try {
      // A second name and not another one: that would replace a file which came in between.
      Files.createLink(target, temporary);
      Files.delete(temporary);
    } catch (FileAlreadyExistsException e) {
      throw new LogException("file exists meanwhile, and is not overwritten: file=" + target, e);
    } catch (IOException e) {
      throw failed(e);
    }
    makeDurable();
  }

  private void makeDurable() {
    try {
      try (FileChannel directory =
          FileChannel.open(target.toAbsolutePath().getParent(), StandardOpenOption.READ)) {
        directory.force(true);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(
          "evidence is written, but its name may be lost with the power: file=" + target, e);
    }
  }

  /** Lets go of the file, and deletes it unless it was published. */
  @Override
  public void close() {
    try {
      channel.close();
      Files.deleteIfExists(temporary);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private static void refuseIfLonger(String what, int length, int most, EvidenceRecord record) {
    if (length > most) {
      throw new LogException(
          "a "
              + what
              + " in the log is longer than any that understudy writes: partition="
              + record.partition()
              + " offset="
              + record.offset()
              + " bytes="
              + length
              + " maximum="
              + most);
    }
  }

  private UncheckedIOException failed(IOException cause) {
    return new UncheckedIOException(
        "cannot write evidence: file=" + temporary + ": " + cause, cause);
  }
}
