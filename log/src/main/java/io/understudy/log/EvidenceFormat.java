package io.understudy.log;

import io.understudy.schemas.Hashes;
import io.understudy.schemas.VmId;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.UUID;
import java.util.regex.Pattern;
import org.apache.avro.Schema;
import org.apache.avro.file.CodecFactory;
import org.apache.avro.file.DataFileConstants;
import org.apache.avro.file.DataFileWriter;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;

/**
 * How an evidence file is laid out: an Avro Object Container File whose metadata are an {@link
 * EvidenceHeader} and a checksum. Stateless.
 *
 * <p>The header is written twice: with values of the same length in place of those that are known
 * at the end only, and then with these. The checksum finds accidents in what the hash chain does
 * not cover (places, times, keys, the header), and proves nothing: who changes the file can compute
 * it again.
 *
 * <pre>
 * checksum = SHA-256( header, with 64 zeros in place of the checksum's digits
 *                     || SHA-256( everything behind the header ) )
 * </pre>
 */
final class EvidenceFormat {
  static final int VERSION = 1;

  /** Every implementation of Avro must have this one, and the JVM has it without a library. */
  static final String CODEC = DataFileConstants.DEFLATE_CODEC;

  /** A block is closed when its content is longer than this, before compression. */
  static final int BLOCK_BYTES = 256 * 1024;

  /** No block is longer, compressed or not: there is at most one whole record beyond the above. */
  static final int LONGEST_BLOCK = 2 * 1024 * 1024;

  /** No header is longer. */
  static final int LONGEST_HEADER = 64 * 1024;

  /** No key of a record is longer, in bytes. */
  static final int LONGEST_KEY = 1024;

  /** Stands for what is not known before the end. */
  static final EvidenceHeader.ChainEnd UNKNOWN =
      new EvidenceHeader.ChainEnd(999_999_999_999_999_999L, "0".repeat(64));

  /** The checksum while it is computed. */
  static final String NO_CHECKSUM = "0".repeat(64);

  static final String CHECKSUM_KEY = "understudy.checksum";

  private static final String VERSION_KEY = "understudy.format";
  private static final String PROGRAM_KEY = "understudy.program";
  private static final String VM_KEY = "understudy.vm";
  private static final String RUN_KEY = "understudy.run";
  private static final String PARTITIONS_KEY = "understudy.partitions";
  private static final String FIRST_EPOCH_KEY = "understudy.firstEpoch";
  private static final String FIRST_SEQUENCE_KEY = "understudy.firstSequence";
  private static final String PREVIOUS_TERM_KEY = "understudy.previousTerm";
  private static final String PREVIOUS_HASH_KEY = "understudy.previousHash";
  private static final String LAST_EPOCH_KEY = "understudy.lastEpoch";
  private static final String HASH_KEY = "understudy.hash";

  private static final Pattern NUMBER = Pattern.compile("\\d{1,18}");
  private static final Pattern HASH = Pattern.compile("[0-9a-f]{64}");

  /** The schema of a record in the file. */
  static final Schema SCHEMA = schema("EvidenceRecord.avsc");

  private EvidenceFormat() {}

  private static Schema schema(String resource) {
    try (InputStream in = EvidenceFormat.class.getResourceAsStream(resource)) {
      return new Schema.Parser().parse(Objects.requireNonNull(in, resource));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The metadata of a file, but for those that Avro adds itself. */
  static Map<String, String> metadata(EvidenceHeader header, String checksum) {
    Map<String, String> metadata = new TreeMap<>();
    metadata.put(VERSION_KEY, Integer.toString(VERSION));
    metadata.put(PROGRAM_KEY, header.program());
    metadata.put(VM_KEY, header.vm().text());
    metadata.put(RUN_KEY, header.run().toString());
    metadata.put(PARTITIONS_KEY, Integer.toString(header.partitions()));
    metadata.put(FIRST_EPOCH_KEY, Long.toString(header.start().nextEpoch()));
    metadata.put(FIRST_SEQUENCE_KEY, Long.toString(header.start().nextSequence()));
    metadata.put(PREVIOUS_TERM_KEY, Long.toString(header.start().term()));
    metadata.put(PREVIOUS_HASH_KEY, header.start().hashHex());
    // Known at the end only, so always as long as it can be.
    metadata.put(LAST_EPOCH_KEY, String.format(Locale.ROOT, "%018d", header.last().epoch()));
    metadata.put(HASH_KEY, header.last().hash());
    metadata.put(CHECKSUM_KEY, checksum);
    return metadata;
  }

  /**
   * A container that {@code metadata} are set in and nothing else yet. The caller must create it.
   */
  static DataFileWriter<GenericRecord> container(Map<String, String> metadata) {
    DataFileWriter<GenericRecord> container =
        new DataFileWriter<GenericRecord>(new GenericDatumWriter<>())
            .setCodec(CodecFactory.fromString(CODEC))
            .setSyncInterval(BLOCK_BYTES);
    metadata.forEach(container::setMeta);
    return container;
  }

  /** The bytes before the first block. They are as many for every end of the same history. */
  static byte[] headerBytes(EvidenceHeader header, String checksum) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataFileWriter<GenericRecord> container = container(metadata(header, checksum))) {
      container.create(SCHEMA, bytes, sync(header));
    } catch (IOException e) {
      // A ByteArrayOutputStream does no I/O.
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /** What stands between blocks; not random, so that the same history gives the same file. */
  static byte[] sync(EvidenceHeader header) {
    MessageDigest digest = Hashes.sha256();
    digest.update(header.run().toString().getBytes(StandardCharsets.US_ASCII));
    digest.update(header.start().hash());
    return Arrays.copyOf(digest.digest(), DataFileConstants.SYNC_SIZE);
  }

  /** The checksum of a file by its header, which has none in it, and the digest of the rest. */
  static String checksum(byte[] header, byte[] restDigest) {
    MessageDigest digest = Hashes.sha256();
    digest.update(header);
    return HexFormat.of().formatHex(digest.digest(restDigest));
  }

  /**
   * The header that metadata of a file stand for.
   *
   * @throws IllegalArgumentException if they stand for none; the message names expected and actual
   */
  static EvidenceHeader header(Map<String, String> metadata) {
    String version = value(metadata, VERSION_KEY);
    if (!version.equals(Integer.toString(VERSION))) {
      throw bad(VERSION_KEY, VERSION, version);
    }
    requireSchema(value(metadata, DataFileConstants.SCHEMA));
    String codec = value(metadata, DataFileConstants.CODEC);
    if (!codec.equals(CODEC)) {
      throw bad(DataFileConstants.CODEC, CODEC, codec);
    }
    String runText = value(metadata, RUN_KEY);
    UUID run = UUID.fromString(runText);
    if (!run.toString().equals(runText)) {
      throw bad(RUN_KEY, run, runText);
    }
    ChainState start =
        new ChainState(
            number(metadata, FIRST_EPOCH_KEY),
            number(metadata, FIRST_SEQUENCE_KEY),
            number(metadata, PREVIOUS_TERM_KEY),
            HexFormat.of().parseHex(hash(metadata, PREVIOUS_HASH_KEY)));
    if (start.nextEpoch() == 0 ? !start.equals(ChainState.genesis()) : start.term() == 0) {
      throw bad("what the first epoch continues", "a state of a run", start);
    }
    return new EvidenceHeader(
        value(metadata, PROGRAM_KEY),
        new VmId(value(metadata, VM_KEY)),
        run,
        Math.toIntExact(Math.min(number(metadata, PARTITIONS_KEY), Integer.MAX_VALUE)),
        start,
        new EvidenceHeader.ChainEnd(number(metadata, LAST_EPOCH_KEY), hash(metadata, HASH_KEY)));
  }

  /** Other tools go by the schema in the file, so it must not tell them anything else. */
  private static void requireSchema(String json) {
    Schema actual;
    try {
      actual = new Schema.Parser().parse(json);
    } catch (RuntimeException e) {
      throw new IllegalArgumentException(DataFileConstants.SCHEMA + " is no Avro schema", e);
    }
    // Properties as well, which the parsing canonical form leaves out: they say what numbers mean.
    if (!actual.toString().equals(SCHEMA.toString())) {
      throw bad(DataFileConstants.SCHEMA, SCHEMA, actual);
    }
  }

  private static long number(Map<String, String> metadata, String key) {
    String text = value(metadata, key);
    if (!NUMBER.matcher(text).matches()) {
      throw bad(key, "1 to 18 digits", text);
    }
    return Long.parseLong(text);
  }

  private static String hash(Map<String, String> metadata, String key) {
    String text = value(metadata, key);
    if (!HASH.matcher(text).matches()) {
      throw bad(key, "64 hexadecimal digits", text);
    }
    return text;
  }

  private static String value(Map<String, String> metadata, String key) {
    String value = metadata.get(key);
    if (value == null) {
      throw bad("metadata", key, "only " + metadata.keySet());
    }
    return value;
  }

  private static IllegalArgumentException bad(String what, Object expected, Object actual) {
    return new IllegalArgumentException(what + " expected=" + expected + " actual=" + actual);
  }
}
