package io.understudy.schemas;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** SHA-256, which every Java platform must have (see {@link MessageDigest}). Stateless. */
public final class Hashes {
  private Hashes() {}

  /** A digest that has seen nothing yet. */
  public static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException absent) {
      throw new IllegalStateException("every Java platform has SHA-256", absent);
    }
  }

  /** The 32 bytes of one content. */
  public static byte[] sha256(byte[] content) {
    return sha256().digest(content);
  }
}
