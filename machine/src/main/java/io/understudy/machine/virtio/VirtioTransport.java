package io.understudy.machine.virtio;

/** What a {@link VirtioDevice} needs of its bus. Called by the vCPU thread. */
interface VirtioTransport {

  /** Something done with queues, which ends at the first fault of the guest's. */
  @FunctionalInterface
  interface Work {
    void run() throws VirtioFaultException;
  }

  /** A queue of the device. */
  Virtqueue queue(int index);

  /** Whether the driver is ready (DRIVER_OK) and the device is not broken. */
  boolean isDriverReady();

  /**
   * Does work that something from outside has caused, and interrupts the guest as needed. Nothing
   * happens if the device is broken; a fault breaks it.
   */
  void perform(Work work);
}
