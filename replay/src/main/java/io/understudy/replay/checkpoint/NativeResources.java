package io.understudy.replay.checkpoint;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Native objects in the order in which they were made; closes them in reverse, because RocksDB
 * reads the options it was opened with until it is closed, and an object closed after its owner
 * takes the process down.
 */
final class NativeResources implements AutoCloseable {

  private final Deque<AutoCloseable> open = new ArrayDeque<>();

  <T extends AutoCloseable> T own(T resource) {
    open.push(resource);
    return resource;
  }

  /** Closes all, even when one fails; the first failure is thrown with the others suppressed. */
  @Override
  public void close() {
    CheckpointStoreException failure = null;
    while (!open.isEmpty()) {
      AutoCloseable resource = open.pop();
      try {
        resource.close();
      } catch (Exception e) {
        // AutoCloseable allows any exception, and the resources below this one must still be
        // closed.
        if (failure == null) {
          failure =
              new CheckpointStoreException(
                  "native resource cannot be closed: " + resource.getClass().getName(), e);
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
