package io.understudy.failover.node;

/** Which program this is: what its releases are called. Stateless. */
public final class ProgramVersion {
  private ProgramVersion() {}

  /** The version from the manifest of the jar, or that there is none. */
  public static String text() {
    String version = ProgramVersion.class.getPackage().getImplementationVersion();
    return version == null ? "(not packaged)" : version;
  }
}
