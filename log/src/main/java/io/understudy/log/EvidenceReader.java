package io.understudy.log;

import io.understudy.schemas.Hashes;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.apache.avro.file.DataFileConstants;

/**
 * Reads an evidence file from its beginning to its end, and believes nothing that it says about
 * sizes. Verifies the file's form and checksum; what the records say is for {@link
 * EvidenceVerifier}. Its memory does not depend on the file. Owned by one thread.
 *
 * <p>Every method throws {@link EvidenceDamagedException} where the file is not as {@link
 * EvidenceWriter} makes it, and {@link UncheckedIOException} where it cannot be read.
 */
final class EvidenceReader implements Closeable {
  private static final int BUFFER_BYTES = 64 * 1024;
  private static final int MOST_METADATA = 64;
  private static final int LONGEST_NAME = 64;
  private static final int LONGEST_METADATA = 16 * 1024;
  private static final long MOST_OFFSET = 999_999_999_999_999_999L;

  private final String source;
  private final BufferedInputStream in;
  private final Inflater inflater = new Inflater(true);

  // The header.
  private byte[] headerBytes;
  private String checksum;
  private int checksumEnd;
  private byte[] sync;
  private final EvidenceHeader header;

  // The blocks.
  private final DigestInputStream digested;
  private final EvidenceBytes blocks;
  private byte[] content = new byte[BUFFER_BYTES];
  private EvidenceBytes records;
  private long recordsLeft;
  private long recordsEnd;

  /** Opens a file and reads its header. */
  EvidenceReader(Path file) {
    this.source = "file=" + file;
    try {
      this.in = new BufferedInputStream(Files.newInputStream(file), BUFFER_BYTES);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot open: " + source + ": " + e, e);
    }
    try {
      in.mark(EvidenceFormat.LONGEST_HEADER);
      EvidenceBytes bytes = new EvidenceBytes(in, source, 0, EvidenceFormat.LONGEST_HEADER);
      this.header = header(bytes);
      in.reset();
      this.headerBytes = in.readNBytes((int) bytes.position());
      this.digested = new DigestInputStream(in, Hashes.sha256());
      this.blocks = new EvidenceBytes(digested, source, bytes.position(), Long.MAX_VALUE);
    } catch (IOException e) {
      close();
      throw new UncheckedIOException("cannot read: " + source + ": " + e, e);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /** What the file says about itself. */
  EvidenceHeader header() {
    return header;
  }

  /** The next record, or null behind the last. */
  EvidenceRecord next() {
    while (recordsLeft == 0) {
      if (!nextBlock()) {
        return null;
      }
    }
    recordsLeft--;
    EvidenceRecord record =
        new EvidenceRecord(
            records.readInt("partition", 0, header.partitions() - 1),
            readOffset(),
            records.readLong("timestamp"),
            records.readInt("branch of the key", 0, 1) == 0
                ? null
                : text(records.readBytes("key", EvidenceFormat.LONGEST_KEY)),
            records.readBytes("value", SealedEpoch.MAX_RECORD_BYTES));
    if (recordsLeft == 0 && records.position() != recordsEnd) {
      throw records.damaged(
          "block holds more than its records",
          "an end",
          recordsEnd - records.position() + " bytes");
    }
    return record;
  }

  /** Compares the checksum; to be called when {@link #next} has returned null. */
  void requireChecksum() {
    byte[] unsigned = headerBytes.clone();
    Arrays.fill(unsigned, checksumEnd - checksum.length(), checksumEnd, (byte) '0');
    String actual = EvidenceFormat.checksum(unsigned, digested.getMessageDigest().digest());
    if (!actual.equals(checksum)) {
      throw new EvidenceDamagedException(
          "something was changed that the hash chain does not cover (a place, a time, a key, or"
              + " what the file says about itself)",
          source,
          "checksum " + checksum,
          actual);
    }
  }

  @Override
  public void close() {
    inflater.end();
    try {
      in.close();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot close: " + source + ": " + e, e);
    }
  }

  private EvidenceHeader header(EvidenceBytes bytes) {
    byte[] magic = bytes.readFixed("beginning", DataFileConstants.MAGIC.length);
    if (!Arrays.equals(magic, DataFileConstants.MAGIC)) {
      throw new EvidenceDamagedException(
          "this is no Avro Object Container File",
          source,
          Arrays.toString(DataFileConstants.MAGIC),
          Arrays.toString(magic));
    }
    Map<String, String> metadata = new TreeMap<>();
    int count = bytes.readInt("number of metadata", 1, MOST_METADATA);
    for (int index = 0; index < count; index++) {
      String name = printable(bytes, text(bytes.readBytes("name of metadata", LONGEST_NAME)));
      String value = text(bytes.readBytes(name, LONGEST_METADATA));
      if (!name.equals(DataFileConstants.SCHEMA)) {
        printable(bytes, value);
      }
      if (metadata.put(name, value) != null) {
        throw bytes.damaged("metadata twice", "each once", name);
      }
      if (name.equals(EvidenceFormat.CHECKSUM_KEY)) {
        checksum = value;
        checksumEnd = (int) bytes.position();
      }
    }
    bytes.readInt("end of metadata", 0, 0);
    sync = bytes.readFixed("sync marker", DataFileConstants.SYNC_SIZE);
    return header(bytes, metadata);
  }

  private EvidenceHeader header(EvidenceBytes bytes, Map<String, String> metadata) {
    try {
      EvidenceHeader found = EvidenceFormat.header(metadata);
      if (checksum == null || checksum.length() != EvidenceFormat.NO_CHECKSUM.length()) {
        throw bytes.damaged("no checksum", "64 hexadecimal digits", checksum);
      }
      // Avro's own are the schema and the codec.
      int expected = EvidenceFormat.metadata(found, checksum).size() + 2;
      if (metadata.size() != expected) {
        throw bytes.damaged("unknown metadata", expected + " of them", metadata.keySet());
      }
      return found;
    } catch (IllegalArgumentException e) {
      throw new EvidenceDamagedException(
          "this is no evidence file of a version that can be read (" + e.getMessage() + ")",
          source,
          "metadata of version " + EvidenceFormat.VERSION,
          "others",
          e);
    }
  }

  /** Names and values stand in messages, and a terminal may obey what is not printable. */
  private static String printable(EvidenceBytes bytes, String text) {
    if (!text.matches("[ -~]*")) {
      throw bytes.damaged("metadata are not printable", "ASCII", "others");
    }
    return text;
  }

  private boolean nextBlock() {
    long at = blocks.position();
    long count = blocks.readLongOrEnd("number of records");
    if (count == -1 && blocks.position() == at) {
      return false;
    }
    if (count < 1 || count > EvidenceFormat.LONGEST_BLOCK) {
      throw blocks.damaged(
          "number of records is out of range", "1 to " + EvidenceFormat.LONGEST_BLOCK, count);
    }
    byte[] compressed = blocks.readBytes("block", EvidenceFormat.LONGEST_BLOCK);
    if (!Arrays.equals(blocks.readFixed("sync marker", sync.length), sync)) {
      throw blocks.damaged("no sync marker behind a block", "that of the header", "another");
    }
    int length = inflate(compressed);
    records =
        new EvidenceBytes(
            new ByteArrayInputStream(content, 0, length),
            source + " block=" + at,
            0,
            Long.MAX_VALUE);
    recordsLeft = count;
    recordsEnd = length;
    return true;
  }

  private int inflate(byte[] compressed) {
    inflater.reset();
    inflater.setInput(compressed);
    int length = 0;
    try {
      while (!inflater.finished()) {
        if (length == content.length && length < EvidenceFormat.LONGEST_BLOCK) {
          content = Arrays.copyOf(content, Math.min(2 * length, EvidenceFormat.LONGEST_BLOCK));
        }
        int more = inflater.inflate(content, length, content.length - length);
        if (more == 0 && !inflater.finished()) {
          throw blocks.damaged(
              "block is cut off or too long",
              "at most " + EvidenceFormat.LONGEST_BLOCK + " bytes",
              length);
        }
        length += more;
      }
    } catch (DataFormatException e) {
      throw new EvidenceDamagedException(
          "block is not compressed as it says", blocks.place(), "deflate", e.getMessage(), e);
    }
    if (inflater.getRemaining() != 0) {
      throw blocks.damaged("bytes behind the compressed block", "none", inflater.getRemaining());
    }
    return length;
  }

  private long readOffset() {
    long offset = records.readLong("offset");
    if (offset < 0 || offset > MOST_OFFSET) {
      throw records.damaged("offset is out of range", "0 to " + MOST_OFFSET, offset);
    }
    return offset;
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
