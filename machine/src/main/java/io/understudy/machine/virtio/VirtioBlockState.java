package io.understudy.machine.virtio;

import io.understudy.machine.devices.Checks;

/**
 * Saved state of a {@link VirtioBlock}; no request is ever in flight.
 *
 * @param readSectors sectors read since power-on
 * @param writtenSectors sectors written since power-on
 */
public record VirtioBlockState(long readSectors, long writtenSectors) {

  /** Refuses negative counts. */
  public VirtioBlockState {
    Checks.notNegative("readSectors", readSectors);
    Checks.notNegative("writtenSectors", writtenSectors);
  }
}
