package io.understudy.machine.virtio;

/** Receives the Ethernet frames that the guest sends, one per call, on the vCPU thread. */
@FunctionalInterface
public interface FrameSink {

  /**
   * Takes a frame, from the destination address on and without checksum, 14 to 1514 bytes; the
   * array is the sink's to keep. Must neither block nor call back into the machine.
   */
  void accept(byte[] frame);
}
