package io.understudy.schemas;

import java.util.regex.Pattern;

/**
 * Id of a virtual machine, 1 to 64 characters of {@code [a-z0-9-]}, not {@link #COORDINATORS}.
 *
 * <p>The alphabet is the part of Kafka's legal topic characters (class {@code
 * org.apache.kafka.common.internals.Topic}) that collides neither with the dots that separate topic
 * name segments nor with metric names. Immutable.
 *
 * @param text the id as written
 */
public record VmId(String text) implements Comparable<VmId> {
  /**
   * Stands for a VM's id in the probes of coordinators, whose keys among the heartbeats would be
   * those of nodes of such a VM. So no VM has it.
   */
  public static final String COORDINATORS = "coordinators";

  private static final Pattern LEGAL = Pattern.compile("[a-z0-9-]{1,64}");

  /** Refuses what is no VM's id with an {@link IllegalArgumentException}. */
  public VmId {
    requireLegal(text);
  }

  /** Returns {@code text} if it is a legal id, else throws {@link IllegalArgumentException}. */
  static String requireLegal(String text) {
    if (text.equals(COORDINATORS)) {
      throw new IllegalArgumentException(
          "this VM id is reserved for the probes of coordinators; choose another: vm=" + text);
    }
    return requireLegalOrProbe(text);
  }

  /** The same, where {@link #COORDINATORS} may stand. */
  static String requireLegalOrProbe(String text) {
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
