package io.understudy.capture.console;

/**
 * Where input for the guest goes: a bounded hand-over to the vCPU thread.
 *
 * <p>Called by the console's network thread only.
 */
@FunctionalInterface
public interface InputSink {
  /**
   * Takes one message, which becomes one event of the guest; never blocks.
   *
   * @param offset input offset of the first byte; messages come without gap or overlap
   * @param bytes 1 to {@link LinkFrame#INPUT_BYTES_MAX} bytes, handed over to the sink
   * @return false if the sink is full: nothing was taken and the same message will be offered again
   */
  boolean offer(long offset, byte[] bytes);
}
