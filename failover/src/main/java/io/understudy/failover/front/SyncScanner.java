package io.understudy.failover.front;

import java.util.Arrays;

/**
 * Finds the guest's answer to a SYNC in output that may begin anywhere, even inside a frame.
 *
 * <p>Owned by the front's thread.
 */
final class SyncScanner {
  private final byte[] wanted;

  /** The last bytes seen, fewer than {@code wanted.length}: a match may have begun in them. */
  private byte[] tail = {};

  SyncScanner(byte[] nonce) {
    this.wanted = ChannelFrame.sync(nonce).encode();
  }

  /** What follows the answer if it is complete with {@code bytes}, else null. */
  byte[] scan(byte[] bytes) {
    byte[] seen = Arrays.copyOf(tail, tail.length + bytes.length);
    System.arraycopy(bytes, 0, seen, tail.length, bytes.length);
    for (int at = 0; at + wanted.length <= seen.length; at++) {
      if (Arrays.equals(seen, at, at + wanted.length, wanted, 0, wanted.length)) {
        return Arrays.copyOfRange(seen, at + wanted.length, seen.length);
      }
    }
    tail = Arrays.copyOfRange(seen, Math.max(0, seen.length - wanted.length + 1), seen.length);
    return null;
  }
}
