package io.understudy.machine.virtio;

import io.understudy.machine.devices.Checks;

/**
 * Saved state of a {@link VirtioNet}; no frame is ever in flight.
 *
 * @param mac hardware address as the driver reads it, first byte in the lowest bits
 * @param framesIn frames given to the guest since power-on
 * @param framesDropped frames for the guest dropped since power-on
 * @param framesOut frames sent to the outside since power-on
 * @param framesRefused frames of impossible length the guest has sent since power-on
 * @param transmitDigest digest of all frames sent to the outside, in order
 */
public record VirtioNetState(
    long mac,
    long framesIn,
    long framesDropped,
    long framesOut,
    long framesRefused,
    long transmitDigest) {

  /** Refuses values the device cannot hold. */
  public VirtioNetState {
    if ((mac & ~VirtioNet.MAC_MASK) != 0) {
      throw new IllegalArgumentException("mac must have 48 bits: mac=0x" + Long.toHexString(mac));
    }
    Checks.notNegative("framesIn", framesIn);
    Checks.notNegative("framesDropped", framesDropped);
    Checks.notNegative("framesOut", framesOut);
    Checks.notNegative("framesRefused", framesRefused);
  }
}
