package io.understudy.log;

/**
 * A snapshot is not what its manifest says: pieces are missing, or are not those that were hashed.
 * Nothing of it may be used; take another one.
 */
public final class SnapshotDamagedException extends LogException {
  private static final long serialVersionUID = 1L;

  /** Names vm, run and snapshot, and what was expected and found. */
  public SnapshotDamagedException(String message) {
    super(message);
  }

  /** With the reason why a piece cannot be read. */
  public SnapshotDamagedException(String message, Throwable cause) {
    super(message, cause);
  }
}
