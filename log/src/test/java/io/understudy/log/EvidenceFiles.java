package io.understudy.log;

import io.understudy.schemas.Hashes;
import io.understudy.schemas.Topics;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.zip.Deflater;
import org.apache.avro.file.DataFileConstants;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;

/** Evidence of a {@link RawLog}, made as it should be or by somebody who means no good. */
final class EvidenceFiles {
  static final String PROGRAM = "understudy (test)";

  private EvidenceFiles() {}

  /** The records of some epochs as they would lie in Kafka, each partition with gaps. */
  static List<EvidenceRecord> records(RawLog log, int first, int last) {
    long[] offsets = new long[RawLog.PARTITIONS];
    List<EvidenceRecord> records = new ArrayList<>();
    for (int epoch = 0; epoch <= last; epoch++) {
      int partition = Topics.partitionOf(epoch, RawLog.PARTITIONS);
      for (byte[] value : log.values(epoch)) {
        if (epoch >= first) {
          long offset = offsets[partition];
          records.add(
              new EvidenceRecord(
                  partition,
                  offset,
                  1_700_000_000_000L + epoch,
                  epoch == 1 ? null : Integer.toString(epoch),
                  value));
        }
        offsets[partition]++;
      }
      offsets[partition]++;
    }
    return records;
  }

  static EvidenceHeader header(RawLog log, int first, EvidenceHeader.ChainEnd end) {
    return new EvidenceHeader(
        PROGRAM, log.vm, log.run, RawLog.PARTITIONS, log.chainBefore(first), end);
  }

  static EvidenceHeader.ChainEnd endAt(RawLog log, int last) {
    return new EvidenceHeader.ChainEnd(
        last, HexFormat.of().formatHex(log.chainBefore(last + 1).hash()));
  }

  /** Writes epochs {@code first} to {@code last} as an export does. */
  static Path write(RawLog log, int first, int last, Path file) {
    try (EvidenceWriter writer =
        new EvidenceWriter(
            file,
            file.resolveSibling(file.getFileName() + ".partial"),
            header(log, first, EvidenceFormat.UNKNOWN))) {
      records(log, first, last).forEach(writer::add);
      writer.finish(log.chainBefore(last + 1));
      writer.publish();
    }
    return file;
  }

  static EvidenceReport verify(Path file) {
    return EvidenceVerifier.verify(file, (epoch, hash) -> {});
  }

  /** A block as it stands in a file, of what {@code content} encodes. */
  static Forger.Block block(long count, Forger.Content content) throws IOException {
    return new Forger.Block(count, -1, Forger.deflated(Forger.encoded(content)));
  }

  /** Records as one block. */
  static Forger.Block block(List<EvidenceRecord> records) throws IOException {
    return block(records.size(), out -> encode(records, out));
  }

  private static void encode(List<EvidenceRecord> records, BinaryEncoder out) throws IOException {
    for (EvidenceRecord record : records) {
      out.writeInt(record.partition());
      out.writeLong(record.offset());
      out.writeLong(record.timestampMillis());
      out.writeInt(record.key() == null ? 0 : 1);
      if (record.key() != null) {
        out.writeString(record.key());
      }
      out.writeBytes(record.value());
    }
  }

  /** Makes files byte by byte, with a checksum that is right. */
  static final class Forger {
    private final Map<String, String> metadata;
    private final byte[] sync;
    private final List<Block> blocks = new ArrayList<>();

    /** Encodes something. */
    interface Content {
      void encode(BinaryEncoder out) throws IOException;
    }

    /**
     * One block.
     *
     * @param size the size that it claims, or -1 for the true one
     */
    record Block(long count, long size, byte[] bytes) {}

    Forger(EvidenceHeader header) {
      this.metadata = EvidenceFormat.metadata(header, EvidenceFormat.NO_CHECKSUM);
      metadata.put(DataFileConstants.SCHEMA, EvidenceFormat.SCHEMA.toString());
      metadata.put(DataFileConstants.CODEC, DataFileConstants.DEFLATE_CODEC);
      this.sync = EvidenceFormat.sync(header);
    }

    /** Other metadata; null takes them away. */
    Forger with(String key, String value) {
      if (value == null) {
        metadata.remove(key);
      } else {
        metadata.put(key, value);
      }
      return this;
    }

    Forger add(Block block) {
      blocks.add(block);
      return this;
    }

    Path write(Path file) throws IOException {
      byte[] rest =
          encoded(
              out -> {
                for (Block block : blocks) {
                  out.writeLong(block.count());
                  out.writeLong(block.size() < 0 ? block.bytes().length : block.size());
                  out.writeFixed(block.bytes());
                  out.writeFixed(sync);
                }
              });
      byte[] unsigned = headerBytes();
      if (metadata.containsKey(EvidenceFormat.CHECKSUM_KEY)) {
        metadata.put(
            EvidenceFormat.CHECKSUM_KEY,
            EvidenceFormat.checksum(unsigned, Hashes.sha256().digest(rest)));
      }
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      all.write(headerBytes());
      all.write(rest);
      return Files.write(file, all.toByteArray());
    }

    private byte[] headerBytes() throws IOException {
      return encoded(
          out -> {
            out.writeFixed(DataFileConstants.MAGIC);
            out.writeLong(metadata.size());
            for (Map.Entry<String, String> entry : metadata.entrySet()) {
              out.writeString(entry.getKey());
              out.writeBytes(entry.getValue().getBytes(StandardCharsets.UTF_8));
            }
            out.writeLong(0);
            out.writeFixed(sync);
          });
    }

    static byte[] encoded(Content content) throws IOException {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      BinaryEncoder out = EncoderFactory.get().directBinaryEncoder(bytes, null);
      content.encode(out);
      out.flush();
      return bytes.toByteArray();
    }

    static byte[] deflated(byte[] content) {
      Deflater deflater = new Deflater(Deflater.DEFAULT_COMPRESSION, true);
      deflater.setInput(content);
      deflater.finish();
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      byte[] buffer = new byte[8192];
      while (!deflater.finished()) {
        bytes.write(buffer, 0, deflater.deflate(buffer));
      }
      deflater.end();
      return bytes.toByteArray();
    }
  }
}
