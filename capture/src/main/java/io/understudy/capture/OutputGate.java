package io.understudy.capture;

/**
 * Where output waits until it may leave. A port: the real one is the console's server, tests watch
 * what gets through.
 */
public interface OutputGate {
  /**
   * Committer thread: everything up to here is committed, output may leave and input is
   * acknowledged.
   *
   * @param inputOffset behind the last committed byte of input
   * @param outputOffset behind the last byte of output of a committed epoch
   */
  void committed(long inputOffset, long outputOffset);

  /** vCPU thread: output up to here has arrived outside; goes into the next epoch's mark. */
  long releasedOffset();

  /** vCPU thread: whether more output can be held; if not, the guest stands still. */
  boolean hasRoom();

  /** Any thread: closes the gate for good; nothing leaves after this has returned. */
  void stop(String reason);
}
