package io.understudy.machine.disk;

/**
 * What a block device reads and writes, in sectors of 512 bytes. Every access is complete when the
 * call returns. Owned by the vCPU thread.
 *
 * <p>The content must be a pure function of the start and of the writes. A disk that cannot be read
 * has no place in a deterministic machine: implementations throw an unchecked exception then, which
 * ends the machine instead of telling the guest something that a replica would not tell.
 */
public interface Disk {

  /** Bytes in a sector. */
  int SECTOR_BYTES = 512;

  /** Capacity in sectors, the same for the whole run. */
  long sectors();

  /**
   * Copies sectors into {@code target}, starting at index {@code offset}.
   *
   * @throws IndexOutOfBoundsException if the sectors are not all on the disk, or do not fit
   */
  void read(long sector, byte[] target, int offset, int sectorCount);

  /**
   * Copies sectors from {@code source}, starting at index {@code offset}, to the disk.
   *
   * @throws IndexOutOfBoundsException if the sectors are not all on the disk, or not in the array
   */
  void write(long sector, byte[] source, int offset, int sectorCount);
}
