package io.understudy.replay.checkpoint;

import io.understudy.log.ChainState;
import io.understudy.log.LogPosition;
import io.understudy.schemas.VmId;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * Bytes of a {@link StoredCheckpoint}, all numbers big-endian:
 *
 * <pre>
 *   magic "UCKP" (4) | CRC-32C of all that follows (4) | format version (4) | body
 * </pre>
 *
 * <p>Every future version keeps the first twelve bytes, so the checksum can be checked before
 * anything is decoded and an unknown version is told apart from damage. Body of version 1: vm
 * (UTF), run (16), epoch, position, term, next epoch, next sequence, chain term, chain hash (length
 * 4, bytes), offsets (count 4, then partition 4 and offset 8 each), digests of registers, devices
 * and memory (8 each), page count (4), page size (4), pages written (4), pages present (4),
 * checksum sum (8), machine state (length 4, bytes).
 */
final class CheckpointCodec {

  static final int FORMAT_VERSION = 1;

  private static final int MAGIC = 0x55434b50;
  private static final int CHECKSUM_OFFSET = 4;
  private static final int VERSION_OFFSET = 8;
  private static final int BODY_OFFSET = 12;

  /** The bytes are not what was written. */
  static final class DamagedBytesException extends Exception {
    private static final long serialVersionUID = 1L;

    DamagedBytesException(String message, Throwable cause) {
      super(message, cause);
    }
  }

  private CheckpointCodec() {}

  static byte[] encode(StoredCheckpoint stored) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeInt(MAGIC);
      out.writeInt(0);
      out.writeInt(FORMAT_VERSION);
      writeBody(stored, out);
    } catch (IOException e) {
      throw new UncheckedIOException("memory cannot fail", e);
    }
    byte[] encoded = bytes.toByteArray();
    ByteBuffer.wrap(encoded).putInt(CHECKSUM_OFFSET, checksum(encoded));
    return encoded;
  }

  /**
   * Decodes what {@link #encode} made.
   *
   * @throws DamagedBytesException if these are other bytes
   * @throws CheckpointStoreException if a newer Understudy wrote them
   */
  static StoredCheckpoint decode(byte[] encoded) throws DamagedBytesException {
    if (encoded.length < BODY_OFFSET) {
      throw new DamagedBytesException("header is cut off: bytes=" + encoded.length, null);
    }
    ByteBuffer header = ByteBuffer.wrap(encoded);
    if (header.getInt(0) != MAGIC) {
      throw new DamagedBytesException(
          "not a checkpoint header: magic expected=0x%08x actual=0x%08x"
              .formatted(MAGIC, header.getInt(0)),
          null);
    }
    int expected = header.getInt(CHECKSUM_OFFSET);
    int actual = checksum(encoded);
    if (expected != actual) {
      throw new DamagedBytesException(
          "header and machine state: crc32c expected=0x%08x actual=0x%08x"
              .formatted(expected, actual),
          null);
    }
    int version = header.getInt(VERSION_OFFSET);
    if (version < 1 || version > FORMAT_VERSION) {
      throw new CheckpointStoreException(
          "checkpoint has format version "
              + version
              + ", this build reads 1 to "
              + FORMAT_VERSION
              + ": use the Understudy that wrote it");
    }
    try (DataInputStream in =
        new DataInputStream(
            new ByteArrayInputStream(encoded, BODY_OFFSET, encoded.length - BODY_OFFSET))) {
      return readBody(in);
    } catch (IOException | IllegalArgumentException | NegativeArraySizeException e) {
      throw new DamagedBytesException("header cannot be decoded although its crc32c is right", e);
    }
  }

  private static int checksum(byte[] encoded) {
    CRC32C crc = new CRC32C();
    crc.update(encoded, VERSION_OFFSET, encoded.length - VERSION_OFFSET);
    return (int) crc.getValue();
  }

  private static void writeBody(StoredCheckpoint stored, DataOutputStream out) throws IOException {
    Checkpoint checkpoint = stored.checkpoint();
    out.writeUTF(checkpoint.vm().text());
    out.writeLong(checkpoint.run().getMostSignificantBits());
    out.writeLong(checkpoint.run().getLeastSignificantBits());
    out.writeLong(checkpoint.epoch());
    out.writeLong(checkpoint.position());
    out.writeLong(checkpoint.term());
    ChainState chain = checkpoint.log().chain();
    out.writeLong(chain.nextEpoch());
    out.writeLong(chain.nextSequence());
    out.writeLong(chain.term());
    writeBytes(chain.hash(), out);
    SortedMap<Integer, Long> offsets = checkpoint.log().offsets();
    out.writeInt(offsets.size());
    for (Map.Entry<Integer, Long> offset : offsets.entrySet()) {
      out.writeInt(offset.getKey());
      out.writeLong(offset.getValue());
    }
    out.writeLong(checkpoint.registersDigest());
    out.writeLong(checkpoint.devicesDigest());
    out.writeLong(checkpoint.memoryDigest());
    out.writeInt(checkpoint.pageCount());
    out.writeInt(checkpoint.pageSize());
    out.writeInt(stored.pagesWritten());
    out.writeInt(stored.pagesPresent());
    out.writeLong(stored.checksumSum());
    writeBytes(checkpoint.machineState(), out);
  }

  private static StoredCheckpoint readBody(DataInputStream in) throws IOException {
    VmId vm = new VmId(in.readUTF());
    UUID run = new UUID(in.readLong(), in.readLong());
    long epoch = in.readLong();
    long position = in.readLong();
    long term = in.readLong();
    ChainState chain = new ChainState(in.readLong(), in.readLong(), in.readLong(), readBytes(in));
    SortedMap<Integer, Long> offsets = new TreeMap<>();
    int partitions = in.readInt();
    for (int i = 0; i < partitions; i++) {
      offsets.put(in.readInt(), in.readLong());
    }
    LogPosition log = new LogPosition(chain, offsets);
    long registersDigest = in.readLong();
    long devicesDigest = in.readLong();
    long memoryDigest = in.readLong();
    int pageCount = in.readInt();
    int pageSize = in.readInt();
    int pagesWritten = in.readInt();
    int pagesPresent = in.readInt();
    long checksumSum = in.readLong();
    byte[] machineState = readBytes(in);
    if (in.available() != 0) {
      throw new IOException("bytes follow the machine state: bytes=" + in.available());
    }
    Checkpoint checkpoint =
        new Checkpoint(
            vm,
            run,
            epoch,
            position,
            term,
            log,
            registersDigest,
            devicesDigest,
            memoryDigest,
            machineState,
            pageCount,
            pageSize);
    return new StoredCheckpoint(checkpoint, pagesWritten, pagesPresent, checksumSum);
  }

  private static void writeBytes(byte[] bytes, DataOutputStream out) throws IOException {
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  private static byte[] readBytes(DataInputStream in) throws IOException {
    int length = in.readInt();
    if (length < 0 || length > in.available()) {
      throw new IOException("length is outside the header: length=" + length);
    }
    byte[] bytes = new byte[length];
    in.readFully(bytes);
    return bytes;
  }
}
