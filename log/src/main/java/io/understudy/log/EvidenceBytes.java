package io.understudy.log;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/**
 * Numbers and bytes in Avro's binary encoding, from a source that is not trusted: no length is
 * believed before it was compared with a limit. Avro's own decoders allocate what a length asks for
 * up to limits that can only be set for the whole JVM. Owned by one thread.
 */
final class EvidenceBytes {
  private static final int MOST_GROUPS = 10;
  private static final int GROUP_BITS = 7;

  private final InputStream in;
  private final String source;
  private final long limit;
  private long position;

  /**
   * Reads from {@code in}.
   *
   * @param source what it is, for messages
   * @param position where in the source {@code in} begins
   * @param limit where in the source reading must end at the latest
   */
  EvidenceBytes(InputStream in, String source, long position, long limit) {
    this.in = in;
    this.source = source;
    this.position = position;
    this.limit = limit;
  }

  /** Where in the source the next byte is. */
  long position() {
    return position;
  }

  /** The next number, or -1 if the source ends here, where it may. */
  long readLongOrEnd(String what) {
    int first = readByte();
    return first < 0 ? -1 : readLong(what, first);
  }

  /** The next number. */
  long readLong(String what) {
    return readLong(what, readByte());
  }

  private long readLong(String what, int first) {
    long value = 0;
    int next = first;
    for (int group = 0; group < MOST_GROUPS; group++) {
      if (next < 0) {
        throw cutOff(what, null);
      }
      value |= (long) (next & 0x7f) << (group * GROUP_BITS);
      if (next < 0x80) {
        return (value >>> 1) ^ -(value & 1);
      }
      next = readByte();
    }
    throw damaged(what + " is no number", "at most 10 bytes", "more");
  }

  /** The next number, which must be in a range. */
  int readInt(String what, int least, int most) {
    long value = readLong(what);
    if (value < least || value > most) {
      throw damaged(what + " is out of range", least + " to " + most, value);
    }
    return (int) value;
  }

  /** The next length and as many bytes as it says, which must be at most {@code most}. */
  byte[] readBytes(String what, int most) {
    return readFixed(what, readInt("length of " + what, 0, most));
  }

  /** The next {@code length} bytes. */
  byte[] readFixed(String what, int length) {
    try {
      refuseBeyondLimit(length);
      byte[] bytes = in.readNBytes(length);
      position += bytes.length;
      if (bytes.length < length) {
        throw cutOff(what, null);
      }
      return bytes;
    } catch (EOFException e) {
      throw cutOff(what, e);
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  private int readByte() {
    try {
      refuseBeyondLimit(1);
      int next = in.read();
      position += next < 0 ? 0 : 1;
      return next;
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  private void refuseBeyondLimit(int length) {
    if (position + length > limit) {
      throw damaged("too long", "an end by byte " + limit, "more");
    }
  }

  private EvidenceDamagedException cutOff(String what, Throwable cause) {
    return new EvidenceDamagedException(
        "it ends too early", place(), "the whole " + what, "the end", cause);
  }

  private UncheckedIOException unreadable(IOException cause) {
    return new UncheckedIOException("cannot read: " + place() + ": " + cause, cause);
  }

  /** The exception for what is wrong at the current place. */
  EvidenceDamagedException damaged(String what, Object expected, Object actual) {
    return new EvidenceDamagedException(what, place(), expected, actual);
  }

  /** Where the next byte is, for messages. */
  String place() {
    return source + " byte=" + position;
  }
}
