package io.understudy.schemas;

/** Argument checks of the records of this package; all throw {@link IllegalArgumentException}. */
final class Checks {
  private Checks() {}

  static void atLeast(long minimum, String name, long value) {
    if (value < minimum) {
      throw new IllegalArgumentException(
          name + " must be at least " + minimum + ": " + name + "=" + value);
    }
  }

  static void notBlank(String name, String value) {
    if (value.isBlank()) {
      throw new IllegalArgumentException(name + " must not be blank");
    }
  }

  /** Returns a copy of a SHA-256 hash. */
  static byte[] sha256(String name, byte[] value) {
    if (value.length != HashChain.HASH_BYTES) {
      throw new IllegalArgumentException(
          name + " must be " + HashChain.HASH_BYTES + " bytes: length=" + value.length);
    }
    return value.clone();
  }
}
