package io.understudy.failover.front;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * A deterministic guest of the channel protocol: what it says depends on its input bytes alone.
 *
 * <p>It answers the n-th line of a channel with {@code "n:line"}, so a lost, repeated or misplaced
 * byte changes an answer. Lines with a meaning: {@code flood} is answered with 64 KiB, {@code bye}
 * ends the channel from the guest's side, {@code error} makes it send ERROR, {@code cut} makes it
 * send a DATA header whose payload never comes.
 */
final class ScriptedGuest {
  private final ChannelFrame.Decoder decoder = new ChannelFrame.Decoder();
  private final Map<Integer, Conversation> channels = new HashMap<>();
  private final Set<Integer> closing = new HashSet<>();

  private static final class Conversation {
    private final StringBuilder line = new StringBuilder();
    private int count;
  }

  /** The answer to {@code input}, which must consist of whole frames. */
  byte[] answer(byte[] input) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    decoder.add(input);
    int consumed = 0;
    for (ChannelFrame frame = decoder.next(); frame != null; frame = decoder.next()) {
      consumed += frame.encode().length;
      answer(frame, out);
    }
    if (consumed != input.length) {
      throw new AssertionError("a message does not end where a frame ends: " + input.length);
    }
    return out.toByteArray();
  }

  private void answer(ChannelFrame frame, ByteArrayOutputStream out) {
    int number = frame.channel();
    switch (frame.kind()) {
      case SYNC -> {
        channels.clear();
        closing.clear();
        out.writeBytes(frame.encode());
      }
      case OPEN -> {
        if (closing.contains(number) || channels.put(number, new Conversation()) != null) {
          throw new AssertionError("channel was opened while in use: " + number);
        }
      }
      case CLOSE -> {
        if (channels.remove(number) != null) {
          out.writeBytes(ChannelFrame.close(number).encode());
        } else if (!closing.remove(number)) {
          throw new AssertionError("channel was closed twice: " + number);
        }
      }
      case DATA -> {
        Conversation conversation = channels.get(number);
        if (conversation != null) {
          for (byte value : frame.payload()) {
            take(number, conversation, (char) (value & 0xFF), out);
          }
        } else if (!closing.contains(number)) {
          throw new AssertionError("data on a channel that is not open: " + number);
        }
      }
      case ERROR -> throw new AssertionError("only the guest sends ERROR");
    }
  }

  private void take(int number, Conversation conversation, char c, ByteArrayOutputStream out) {
    if (c != '\n') {
      conversation.line.append(c);
      return;
    }
    String line = conversation.line.toString();
    conversation.line.setLength(0);
    conversation.count++;
    switch (line) {
      case "bye" -> {
        out.writeBytes(data(number, "bye\n"));
        out.writeBytes(ChannelFrame.close(number).encode());
        channels.remove(number);
        closing.add(number);
      }
      case "flood" -> {
        for (int piece = 0; piece < 64; piece++) {
          out.writeBytes(data(number, "x".repeat(1024)));
        }
      }
      case "error" ->
          out.writeBytes(ChannelFrame.error("no".getBytes(StandardCharsets.UTF_8)).encode());
      case "cut" -> out.writeBytes(new byte[] {2, (byte) number, 100, 0, 'x'});
      default -> out.writeBytes(data(number, conversation.count + ":" + line + "\n"));
    }
  }

  private static byte[] data(int number, String text) {
    return ChannelFrame.data(number, text.getBytes(StandardCharsets.ISO_8859_1)).encode();
  }
}
