package io.understudy.schemas;

/**
 * Bytes could not be read as the type a topic must hold.
 *
 * <p>The message names the type, what was expected and what was found. Never retried: the same
 * bytes give the same result.
 */
public final class SchemaException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** A value that does not follow the wire format. */
  public SchemaException(String message) {
    super(message);
  }

  /** A value that the Avro decoder refused. */
  public SchemaException(String message, Throwable cause) {
    super(message, cause);
  }
}
