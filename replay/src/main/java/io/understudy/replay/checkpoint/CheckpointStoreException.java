package io.understudy.replay.checkpoint;

/**
 * The checkpoint store cannot be opened, read or written. The message names the directory and,
 * where there is a right answer, what to do.
 */
public class CheckpointStoreException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  CheckpointStoreException(String message) {
    super(message);
  }

  CheckpointStoreException(String message, Throwable cause) {
    super(message, cause);
  }
}
