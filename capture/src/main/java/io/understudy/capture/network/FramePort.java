package io.understudy.capture.network;

/**
 * Where frames come from and go to. One thread receives while any may send; closed when all are
 * done. The real one is a TAP interface.
 */
public interface FramePort extends AutoCloseable {
  /**
   * Waits for a frame.
   *
   * @param timeoutMillis how long; 0 only looks
   * @return the frame, or null if none came
   */
  byte[] receive(int timeoutMillis);

  /** Sends a frame, which may be lost. */
  void send(byte[] frame);

  @Override
  void close();
}
