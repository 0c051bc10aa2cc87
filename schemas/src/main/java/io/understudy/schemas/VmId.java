package io.understudy.schemas;

import java.util.regex.Pattern;

/**
 * Id of a virtual machine, 1 to 64 characters of {@code [a-z0-9-]}.
 *
 * <p>The alphabet is the part of Kafka's legal topic characters (class {@code
 * org.apache.kafka.common.internals.Topic}) that collides neither with the dots that separate topic
 * name segments nor with metric names. Immutable.
 *
 * @param text the id as written
 */
public record VmId(String text) implements Comparable<VmId> {
  private static final Pattern LEGAL = Pattern.compile("[a-z0-9-]{1,64}");

  /** Refuses anything outside the alphabet with an {@link IllegalArgumentException}. */
  public VmId {
    requireLegal(text);
  }

  /** Returns {@code text} if it is a legal id, else throws {@link IllegalArgumentException}. */
  static String requireLegal(String text) {
    if (!LEGAL.matcher(text).matches()) {
      throw new IllegalArgumentException(
          "a VM id must be 1 to 64 characters of [a-z0-9-]: vm=" + text);
    }
    return text;
  }

  @Override
  public int compareTo(VmId other) {
    return text.compareTo(other.text);
  }

  /** The id as written, so that it can be used in messages directly. */
  @Override
  public String toString() {
    return text;
  }
}
