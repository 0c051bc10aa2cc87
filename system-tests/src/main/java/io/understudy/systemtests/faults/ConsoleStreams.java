package io.understudy.systemtests.faults;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The guest's console output taken apart into what each client must have got, see {@code
 * guests/ledger/PROTOCOL.md}: a section for each SYNC, in it a stream for each channel. Pure
 * functions.
 */
final class ConsoleStreams {
  private static final byte[] SYNC = {4, 0, 8, 0};
  private static final int NONCE_BYTES = 8;
  private static final int HEADER_BYTES = 4;
  private static final int DATA = 2;

  private final List<byte[]> streams;

  private ConsoleStreams(List<byte[]> streams) {
    this.streams = streams;
  }

  /**
   * Takes output apart.
   *
   * @param input all that the console ever got: a SYNC in it says what begins a section
   * @param output all that the guest ever said
   */
  static ConsoleStreams of(byte[] input, byte[] output) {
    List<byte[]> streams = new ArrayList<>();
    int begin = -1;
    int searchFrom = 0;
    for (int at = indexOf(input, SYNC, 0); at >= 0; at = indexOf(input, SYNC, at + 1)) {
      int end = at + SYNC.length + NONCE_BYTES;
      if (end > input.length) {
        break;
      }
      int answer = indexOf(output, Arrays.copyOfRange(input, at, end), searchFrom);
      if (answer >= 0) {
        if (begin >= 0) {
          streams.addAll(channels(output, begin, answer));
        }
        begin = answer + SYNC.length + NONCE_BYTES;
        searchFrom = begin;
      }
    }
    if (begin >= 0) {
      streams.addAll(channels(output, begin, output.length));
    }
    return new ConsoleStreams(streams);
  }

  /**
   * Compares what a connection received with what the guest said to it.
   *
   * @return what is wrong, or null
   */
  String compare(TracedClient.Trace trace) {
    byte[] received = trace.received();
    if (received.length == 0) {
      return null;
    }
    String name = trace.name();
    byte[] introduction =
        ("$" + name.length() + "\r\n" + name + "\r\n").getBytes(StandardCharsets.US_ASCII);
    int found = 0;
    int agree = -1;
    for (byte[] stream : streams) {
      for (int at = indexOf(stream, introduction, 0);
          at >= 0;
          at = indexOf(stream, introduction, at + 1)) {
        found++;
        int length = Math.min(received.length, stream.length - at);
        int different = Arrays.mismatch(received, 0, length, stream, at, at + length);
        agree = different < 0 ? length : different;
      }
    }
    if (found == 1 && agree == received.length) {
      return null;
    }
    return "a client received what the committed log does not say: connection="
        + name
        + " received="
        + received.length
        + " equalBytes="
        + agree
        + " introductions="
        + found;
  }

  /** Streams of the channels between two places; a frame that was cut off ends it. */
  private static List<byte[]> channels(byte[] output, int from, int to) {
    Map<Integer, ByteArrayOutputStream> byChannel = new TreeMap<>();
    int at = from;
    while (at + HEADER_BYTES <= to) {
      if (output[at] == 0) {
        at++;
        continue;
      }
      int kind = output[at];
      int channel = output[at + 1] & 0xff;
      int length = (output[at + 2] & 0xff) | (output[at + 3] & 0xff) << 8;
      int end = at + HEADER_BYTES + length;
      if (end > to) {
        break;
      }
      if (kind == DATA) {
        byChannel
            .computeIfAbsent(channel, unused -> new ByteArrayOutputStream())
            .write(output, at + HEADER_BYTES, length);
      }
      at = end;
    }
    return byChannel.values().stream().map(ByteArrayOutputStream::toByteArray).toList();
  }

  private static int indexOf(byte[] text, byte[] wanted, int from) {
    for (int at = from; at + wanted.length <= text.length; at++) {
      if (Arrays.equals(text, at, at + wanted.length, wanted, 0, wanted.length)) {
        return at;
      }
    }
    return -1;
  }
}
