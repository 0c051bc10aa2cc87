package io.understudy.machine.virtio;

/**
 * The guest has broken the rules of a queue. Checked, so that it cannot leave the package: {@link
 * VirtioPci} turns it into a broken device. Without stack trace, because a guest can cause as many
 * as it likes.
 */
final class VirtioFaultException extends Exception {

  private static final long serialVersionUID = 1L;

  private final VirtioFault fault;

  VirtioFaultException(VirtioFault fault) {
    super("guest broke the rules of a virtqueue: fault=" + fault, null, false, false);
    this.fault = fault;
  }

  VirtioFault fault() {
    return fault;
  }
}
