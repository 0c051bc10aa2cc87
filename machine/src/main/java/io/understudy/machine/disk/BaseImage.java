package io.understudy.machine.disk;

/**
 * The content a disk starts with. It must never change, or replicas that start from it diverge;
 * whoever supplies it checks its digest. Called by the vCPU thread.
 */
public interface BaseImage {

  /** Length in bytes. */
  long length();

  /**
   * Copies {@code length} bytes from {@code position} of the image to index {@code offset} of
   * {@code target}.
   *
   * <p>The caller keeps within the image and the array. A failure to read is thrown as an unchecked
   * exception; it ends the machine.
   */
  void read(long position, byte[] target, int offset, int length);
}
