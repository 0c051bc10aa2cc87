package io.understudy.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.understudy.log.ChainState;
import io.understudy.log.Epoch;
import io.understudy.schemas.EventRecord;
import io.understudy.schemas.GuestEvent;
import java.io.BufferedWriter;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * What a guest and the world said to each other, as one JSON object a line: console bytes and
 * frames of each epoch, first those that went in, then those that came out, then how much of the
 * latter had arrived outside by then. Owned by the vCPU thread.
 */
final class Transcript implements Closeable {
  private final BufferedWriter out;
  private final ByteArrayOutputStream said = new ByteArrayOutputStream();
  private final List<byte[]> sent = new ArrayList<>();
  private long releasedOutput = -1;
  private long releasedFrames = -1;

  private Transcript(BufferedWriter out) {
    this.out = out;
  }

  /** Begins a file; one that is there is replaced. */
  static Transcript to(Path file) {
    try {
      return new Transcript(Files.newBufferedWriter(file));
    } catch (IOException e) {
      throw new UncheckedIOException("the transcript cannot be written: file=" + file, e);
    }
  }

  /** A byte of the console came out. */
  void said(byte value) {
    said.write(value);
  }

  /** A frame came out. */
  void sent(byte[] frame) {
    sent.add(frame);
  }

  /** An epoch was applied; what came out since the one before is of it. */
  void applied(Epoch epoch) {
    GuestEvent.EpochCommitted mark = epoch.mark();
    ByteArrayOutputStream heard = new ByteArrayOutputStream();
    for (EventRecord record : epoch.events()) {
      if (record.event() instanceof GuestEvent.ConsoleInput input) {
        heard.writeBytes(input.bytes());
      } else if (record.event() instanceof GuestEvent.FrameReceived received) {
        write(line(epoch, "in", "frame").put("bytes", hex(received.frame())));
      }
    }
    console(epoch, "in", heard, mark.inputOffset());
    console(epoch, "out", said, mark.outputOffset());
    long number = mark.framesSent() - sent.size();
    for (byte[] frame : sent) {
      write(line(epoch, "out", "frame").put("number", number++).put("bytes", hex(frame)));
    }
    said.reset();
    sent.clear();
    if (mark.releasedOutputOffset() != releasedOutput || mark.framesReleased() != releasedFrames) {
      releasedOutput = mark.releasedOutputOffset();
      releasedFrames = mark.framesReleased();
      write(
          line(epoch, "out", "released")
              .put("offset", releasedOutput)
              .put("frames", releasedFrames));
    }
  }

  /** All was applied: without this line a transcript is not whole. */
  void finish(ChainState chain) {
    write(
        Json.object()
            .put("epoch", chain.lastEpoch())
            .put("kind", "end")
            .put("hash", hex(chain.hash())));
  }

  private void console(Epoch epoch, String direction, ByteArrayOutputStream bytes, long end) {
    if (bytes.size() > 0) {
      write(
          line(epoch, direction, "console")
              .put("offset", end - bytes.size())
              .put("bytes", hex(bytes.toByteArray())));
    }
  }

  private static ObjectNode line(Epoch epoch, String direction, String kind) {
    return Json.object()
        .put("epoch", epoch.number())
        .put("committedAtMillis", epoch.committedAtMillis())
        .put("virtualNanos", epoch.mark().virtualNanos())
        .put("direction", direction)
        .put("kind", kind);
  }

  private void write(ObjectNode line) {
    try {
      out.write(Json.line(line));
      out.newLine();
    } catch (IOException e) {
      throw new UncheckedIOException("the transcript cannot be written", e);
    }
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }

  @Override
  public void close() {
    try {
      out.close();
    } catch (IOException e) {
      throw new UncheckedIOException("the transcript cannot be written", e);
    }
  }
}
