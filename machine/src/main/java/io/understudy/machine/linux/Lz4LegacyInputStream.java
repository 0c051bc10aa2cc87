package io.understudy.machine.linux;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4SafeDecompressor;

/**
 * Reads the legacy frame format of LZ4, the one Linux's build uses: a magic number, then blocks,
 * each a 32-bit little-endian compressed size and one LZ4 block of at most 8 MiB of content.
 *
 * <p>Source: lz4 {@code doc/lz4_Frame_format.md}, "Legacy frame".
 */
final class Lz4LegacyInputStream extends InputStream {
  private static final int MAGIC = 0x184c2102;
  private static final int BLOCK_CONTENT_MAX = 8 << 20;

  /** LZ4_compressBound of the largest block: no honest block is longer. */
  private static final int BLOCK_MAX = BLOCK_CONTENT_MAX + BLOCK_CONTENT_MAX / 255 + 16;

  /** Checks every bound; native where the library has code for the platform. */
  private static final LZ4SafeDecompressor DECOMPRESSOR =
      LZ4Factory.fastestInstance().safeDecompressor();

  private final InputStream compressed;
  private InputStream block = InputStream.nullInputStream();

  Lz4LegacyInputStream(InputStream compressed) throws IOException {
    this.compressed = compressed;
    if (readSize() != MAGIC) {
      throw new IOException("the legacy frame's magic number is missing");
    }
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    int count = block.read(target, offset, length);
    while (count <= 0) {
      if (!openNextBlock()) {
        return -1;
      }
      count = block.read(target, offset, length);
    }
    return count;
  }

  private boolean openNextBlock() throws IOException {
    if (compressed.available() == 0) {
      return false;
    }
    int size = readSize();
    if (size <= 0 || size > BLOCK_MAX || size > compressed.available()) {
      throw new IOException(
          "a block's compressed size must be in [1, "
              + Math.min(BLOCK_MAX, compressed.available())
              + "], is "
              + Integer.toUnsignedString(size));
    }
    byte[] source = compressed.readNBytes(size);
    byte[] content = new byte[BLOCK_CONTENT_MAX];
    int length = DECOMPRESSOR.decompress(source, 0, size, content, 0);
    block = new ByteArrayInputStream(content, 0, length);
    return true;
  }

  private int readSize() throws IOException {
    byte[] bytes = compressed.readNBytes(4);
    if (bytes.length < 4) {
      throw new IOException("cut off within a block's size");
    }
    return (bytes[0] & 0xff)
        | (bytes[1] & 0xff) << 8
        | (bytes[2] & 0xff) << 16
        | (bytes[3] & 0xff) << 24;
  }
}
