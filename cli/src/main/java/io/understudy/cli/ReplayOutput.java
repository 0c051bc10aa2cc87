package io.understudy.cli;

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

  /** Only the digest. */
  static ReplayOutput digestOnly() {
    return new ReplayOutput(OutputStream.nullOutputStream(), null);
  }

  /**
   * Begins the files that are wanted; those that are there are replaced.
   *
   * @param console file, or "-" for standard output; null for none
   * @param transcript file; null for none
   */
  static ReplayOutput to(String console, Path transcript) throws IOException {
    OutputStream stream =
        console == null
            ? OutputStream.nullOutputStream()
            : new BufferedOutputStream(
                isStdout(console)
                    ? new FileOutputStream(FileDescriptor.out)
                    : Files.newOutputStream(Path.of(console)));
    return new ReplayOutput(stream, transcript == null ? null : Transcript.to(transcript));
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

  @Override
  public void close() throws IOException {
    try (console) {
      if (transcript != null) {
        transcript.close();
      }
    }
  }
}
