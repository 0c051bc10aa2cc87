package io.understudy.machine.virtio;

/**
 * What a guest has done to break a device, and whether it has. The codes are part of saved state.
 */
public enum VirtioFault {
  /** The device works. */
  NONE(0),
  /** A queue was placed where its rings are not all in RAM. */
  RINGS_OUTSIDE_RAM(1),
  /** More buffers were made available than the ring has entries. */
  TOO_MANY_AVAILABLE(2),
  /** A chain starts at, or goes on with, a descriptor that does not exist. */
  NO_SUCH_DESCRIPTOR(3),
  /** A chain has more descriptors than the table, so it loops. */
  CHAIN_TOO_LONG(4),
  /** A descriptor is of a kind that was not offered (indirect). */
  DESCRIPTOR_KIND(5),
  /** A buffer is not all in RAM. */
  BUFFER_OUTSIDE_RAM(6),
  /** A buffer for the device to read comes after one for it to write. */
  BUFFERS_OUT_OF_ORDER(7),
  /** A request is too short to be understood, or has no room for the answer. */
  REQUEST_TOO_SHORT(8),
  /** A request is longer than any driver has reason to make it. */
  REQUEST_TOO_LONG(9);

  private final int code;

  VirtioFault(int code) {
    this.code = code;
  }

  /** The number under which it is saved. */
  public int code() {
    return code;
  }

  /**
   * The fault saved as {@code code}.
   *
   * @throws IllegalArgumentException if there is none
   */
  static VirtioFault ofCode(int code) {
    for (VirtioFault fault : values()) {
      if (fault.code == code) {
        return fault;
      }
    }
    throw new IllegalArgumentException("no such fault: code=" + code);
  }
}
