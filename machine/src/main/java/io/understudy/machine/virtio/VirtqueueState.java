package io.understudy.machine.virtio;

import io.understudy.machine.devices.Checks;

/**
 * Saved state of a queue; its rings are in guest memory.
 *
 * @param pageFrame number of the page where the queue starts, 32 bits; 0 if there is none
 * @param availableIndex requests taken, modulo 65536
 * @param usedIndex requests given back, modulo 65536
 */
public record VirtqueueState(int pageFrame, int availableIndex, int usedIndex) {

  /** Refuses indices that are not of 16 bits. */
  public VirtqueueState {
    Checks.inRange("availableIndex", availableIndex, 0, 0xFFFF);
    Checks.inRange("usedIndex", usedIndex, 0, 0xFFFF);
  }
}
