package io.understudy.cli;

import io.understudy.log.ChainState;
import io.understudy.log.Epoch;
import io.understudy.machine.MachineOutput;
import io.understudy.schemas.Hashes;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.HexFormat;

/**
 * Where a replayed guest's output goes: its console into a digest, and, where somebody wants it,
 * into a file or a transcript. Owned by the vCPU thread.
 */
final class ReplayOutput implements MachineOutput, Closeable {
  private static final String STDOUT = "-";

  private final MessageDigest digest = Hashes.sha256();
  private final OutputStream console;
  private final Transcript transcript;

  private ReplayOutput(OutputStream console, Transcript transcript) {
    this.console = new DigestOutputStream(console, digest);
    this.transcript = transcript;
  }

  /**
   * Begins the files that are wanted; those that are there are replaced.
   *
   * @param console file, or "-" for standard output; null for none
   * @param transcript file; null for none
   */
  static ReplayOutput to(String console, Path transcript) {
    Transcript begun = transcript == null ? null : Transcript.to(transcript);
    try {
      return new ReplayOutput(open(console), begun);
    } catch (IOException e) {
      if (begun != null) {
        begun.close();
      }
      throw new UncheckedIOException("the console's output cannot be written: file=" + console, e);
    }
  }

  private static OutputStream open(String console) throws IOException {
    if (console == null) {
      return OutputStream.nullOutputStream();
    }
    return isStdout(console)
        ? new Stdout()
        : new BufferedOutputStream(Files.newOutputStream(Path.of(console)));
  }

  /** The process has one: closed, it would be gone for good. */
  private static final class Stdout extends BufferedOutputStream {
    private Stdout() {
      super(new FileOutputStream(FileDescriptor.out));
    }

    @Override
    public void close() throws IOException {
      flush();
    }
  }

  /** Whether this names standard output. */
  static boolean isStdout(String console) {
    return STDOUT.equals(console);
  }

  @Override
  public void accept(byte value) {
    try {
      console.write(value);
    } catch (IOException e) {
      throw new UncheckedIOException("the console's output cannot be written", e);
    }
    if (transcript != null) {
      transcript.said(value);
    }
  }

  @Override
  public void frame(byte[] frame) {
    if (transcript != null) {
      transcript.sent(frame);
    }
  }

  /** An epoch was applied. */
  void applied(Epoch epoch) {
    if (transcript != null) {
      transcript.applied(epoch);
    }
  }

  /** Digest of the console so far, hexadecimal; begins anew. */
  String consoleSha256() {
    return HexFormat.of().formatHex(digest.digest());
  }

  /** All was applied, up to this epoch. */
  void finish(ChainState chain) {
    if (transcript != null) {
      transcript.finish(chain);
    }
  }

  @Override
  public void close() {
    try (console) {
      if (transcript != null) {
        transcript.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the console's output cannot be written", e);
    }
  }
}
