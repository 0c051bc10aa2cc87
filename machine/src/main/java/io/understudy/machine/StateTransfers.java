package io.understudy.machine;

import io.understudy.schemas.GuestEvent.StateTransferred;
import io.understudy.schemas.MachineStateCodec;
import io.understudy.schemas.avro.MachineState;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.InflaterInputStream;

/**
 * Content of {@link StateTransferred}: the vCPU with what an interrupt changes, and the bytes of
 * memory that differ from the last common place. No exit lies in between, so no other device can
 * have changed.
 *
 * <pre>
 * ZLIB( length of the state (4 bytes) || state (MachineState, Avro)
 *       || for each page that differs: its number (4) || runs || 0 (2)
 *       || -1 (4) )
 * run = number of bytes that differ (2, more than 0) || how many equal bytes come before (2) || bytes
 * </pre>
 *
 * with numbers big-endian. Stateless.
 */
final class StateTransfers {
  /** Most pages of memory that one transfer carries: 64 MiB. */
  static final int MAX_PAGES = 16 * 1024;

  private static final int MAX_STATE_BYTES = 1 << 20;

  /** Pages that do not compress, and room for the rest. */
  private static final int MAX_PIECES = 2 * (MAX_PAGES / 128);

  private static final int END = -1;

  /** Fewer equal bytes than the four that end and begin a run are cheaper inside it. */
  private static final int GAP = 4;

  private StateTransfers() {}

  /**
   * What {@code baseline} needs to become memory as it is now, with {@code state} in front. The
   * common place is not moved.
   *
   * @param changed the pages that may differ
   */
  static List<StateTransferred> encode(
      MachineState state, BitSet changed, MemoryBaseline baseline, DeviceMemory memory) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    Deflater deflater = new Deflater(Deflater.BEST_SPEED);
    try (DataOutputStream out =
        new DataOutputStream(new DeflaterOutputStream(bytes, deflater, Machine.PAGE_SIZE))) {
      byte[] encoded = MachineStateCodec.encode(state);
      out.writeInt(encoded.length);
      out.write(encoded);
      byte[] before = new byte[Machine.PAGE_SIZE];
      byte[] now = new byte[Machine.PAGE_SIZE];
      for (int page : changed.stream().toArray()) {
        baseline.read(page, before);
        memory.read((long) page * Machine.PAGE_SIZE, now, 0, now.length);
        if (!Arrays.equals(before, now)) {
          out.writeInt(page);
          writeRuns(before, now, out);
        }
      }
      out.writeInt(END);
    } catch (IOException impossible) {
      throw new IllegalStateException("writing into memory failed", impossible);
    } finally {
      deflater.end();
    }
    return cut(bytes.toByteArray());
  }

  private static void writeRuns(byte[] before, byte[] now, DataOutputStream out)
      throws IOException {
    int done = 0;
    int from = Arrays.mismatch(before, now);
    while (from < now.length) {
      int to = from + 1;
      int next = nextDifference(before, now, to);
      while (next < now.length && next - to < GAP) {
        to = next + 1;
        next = nextDifference(before, now, to);
      }
      out.writeShort(to - from);
      out.writeShort(from - done);
      out.write(now, from, to - from);
      done = to;
      from = next;
    }
    out.writeShort(0);
  }

  private static int nextDifference(byte[] before, byte[] now, int from) {
    int difference = Arrays.mismatch(before, from, before.length, now, from, now.length);
    return difference < 0 ? now.length : from + difference;
  }

  private static List<StateTransferred> cut(byte[] content) {
    int count = (content.length + StateTransferred.MAX_BYTES - 1) / StateTransferred.MAX_BYTES;
    List<StateTransferred> pieces = new ArrayList<>(count);
    for (int index = 0; index < count; index++) {
      int from = index * StateTransferred.MAX_BYTES;
      int to = Math.min(content.length, from + StateTransferred.MAX_BYTES);
      pieces.add(new StateTransferred(index, count, Arrays.copyOfRange(content, from, to)));
    }
    return pieces;
  }

  /**
   * Makes memory what it was where the pieces come from, and returns the state that goes with it.
   * The common place is not moved.
   *
   * @throws MachineException if the content is none
   */
  static MachineState decode(byte[] content, MemoryBaseline baseline, DeviceMemory memory) {
    try (DataInputStream in =
        new DataInputStream(new InflaterInputStream(new ByteArrayInputStream(content)))) {
      int length = in.readInt();
      if (length < 0 || length > MAX_STATE_BYTES) {
        throw new MachineException("transferred state has no such length: bytes=" + length);
      }
      MachineState state = MachineStateCodec.decode(in.readNBytes(length));
      baseline.revert();
      byte[] page = new byte[Machine.PAGE_SIZE];
      for (int number = in.readInt(); number != END; number = in.readInt()) {
        long address = (long) number * Machine.PAGE_SIZE;
        if (number < 0 || !memory.contains(address, Machine.PAGE_SIZE)) {
          throw new MachineException("transferred state names a page that is none: page=" + number);
        }
        baseline.read(number, page);
        readRuns(in, page);
        memory.write(address, page, 0, page.length);
      }
      return state;
    } catch (IOException | IndexOutOfBoundsException | IllegalArgumentException damaged) {
      throw new MachineException("transferred state cannot be read: " + damaged);
    }
  }

  private static void readRuns(DataInputStream in, byte[] page) throws IOException {
    int at = 0;
    for (int length = in.readUnsignedShort(); length > 0; length = in.readUnsignedShort()) {
      at += in.readUnsignedShort();
      in.readFully(page, at, length);
      at += length;
    }
  }

  /** Collects the pieces of one content. */
  static final class Pieces {
    private final ByteArrayOutputStream content = new ByteArrayOutputStream();
    private int expected;

    /**
     * Adds the next piece.
     *
     * @return the content, when it is complete, else null
     * @throws MachineException if it is not the next one
     */
    byte[] add(StateTransferred piece) {
      if (piece.index() != expected || piece.count() > MAX_PIECES) {
        throw new MachineException(
            "a piece of transferred state is missing, or there are too many: index expected="
                + expected
                + " actual="
                + piece.index()
                + " count="
                + piece.count()
                + " maximum="
                + MAX_PIECES);
      }
      content.writeBytes(piece.content());
      expected++;
      if (!piece.isLast()) {
        return null;
      }
      byte[] complete = content.toByteArray();
      content.reset();
      expected = 0;
      return complete;
    }
  }
}
