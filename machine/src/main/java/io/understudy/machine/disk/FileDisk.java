package io.understudy.machine.disk;

import io.understudy.machine.BadImageException;
import io.understudy.schemas.Attachments;
import io.understudy.schemas.Hashes;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A disk image in a file, which is only read, and must stay as it is as long as a run is based on
 * it.
 */
public final class FileDisk {
  private static final Logger LOG = LoggerFactory.getLogger(FileDisk.class);
  private static final int CHUNK_BYTES = 1 << 20;

  private final Path file;
  private final Attachments.Disk description;
  private final FileTime modified;

  private FileDisk(Path file, Attachments.Disk description, FileTime modified) {
    this.file = file;
    this.description = description;
    this.modified = modified;
  }

  /**
   * Takes a file, and computes the digest of its content, which takes a second or two for a GiB.
   *
   * @throws BadImageException if it cannot be read, or is no disk image
   */
  public static FileDisk read(Path file) {
    try {
      FileTime modified = Files.getLastModifiedTime(file);
      long bytes = Files.size(file);
      if (bytes == 0 || bytes % Disk.SECTOR_BYTES != 0) {
        throw new BadImageException(
            "disk "
                + file
                + ": must be a raw image of a positive multiple of "
                + Disk.SECTOR_BYTES
                + " bytes: bytes="
                + bytes);
      }
      String name = file.getFileName().toString();
      return new FileDisk(file, new Attachments.Disk(name, bytes, sha256Hex(file)), modified);
    } catch (IOException failure) {
      throw unreadable(file, failure);
    }
  }

  private static String sha256Hex(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      MessageDigest digest = Hashes.sha256();
      byte[] chunk = new byte[CHUNK_BYTES];
      for (int length = in.read(chunk); length >= 0; length = in.read(chunk)) {
        digest.update(chunk, 0, length);
      }
      return HexFormat.of().formatHex(digest.digest());
    }
  }

  private static BadImageException unreadable(Path file, IOException failure) {
    return new BadImageException("disk " + file + ": cannot be read: " + failure, failure);
  }

  /** What the run header records of it. */
  public Attachments.Disk description() {
    return description;
  }

  /**
   * Opens it for reading.
   *
   * @throws BadImageException if that fails, or the file has changed since its digest was taken
   */
  public FileBaseImage open() {
    FileChannel channel = null;
    try {
      channel = FileChannel.open(file, StandardOpenOption.READ);
      requireUnchanged(channel);
      FileBaseImage image = new FileBaseImage(file, channel, description.bytes());
      channel = null; // the image's from here on
      return image;
    } catch (IOException failure) {
      throw unreadable(file, failure);
    } finally {
      closeQuietly(channel);
    }
  }

  private void requireUnchanged(FileChannel channel) throws IOException {
    FileTime now = Files.getLastModifiedTime(file);
    if (channel.size() != description.bytes() || !now.equals(modified)) {
      throw new BadImageException(
          "disk "
              + file
              + ": was changed while it was being used: bytes expected="
              + description.bytes()
              + " actual="
              + channel.size()
              + " modified expected="
              + modified
              + " actual="
              + now
              + "; the image of a run must stay as it is");
    }
  }

  private static void closeQuietly(FileChannel channel) {
    try {
      if (channel != null) {
        channel.close();
      }
    } catch (IOException failure) {
      LOG.debug("a disk image that was not used cannot be closed", failure);
    }
  }
}
