package io.understudy.log;

import io.understudy.schemas.VmId;
import java.util.UUID;

/**
 * What an evidence file was proven to hold. Immutable.
 *
 * @param vm the virtual machine
 * @param run the run
 * @param program what wrote the file
 * @param partitions number of partitions of the VM's log
 * @param firstEpoch number of the first epoch, from 0
 * @param lastEpoch number of the last epoch
 * @param term term of the last epoch, from 1
 * @param events number of events in these epochs, without the marks
 * @param previousHash the chain's hash that the first epoch continues, 64 hexadecimal digits
 * @param hash the chain's hash after the last epoch, 64 hexadecimal digits
 * @param sizeBytes size of the file
 */
public record EvidenceReport(
    VmId vm,
    UUID run,
    String program,
    int partitions,
    long firstEpoch,
    long lastEpoch,
    long term,
    long events,
    String previousHash,
    String hash,
    long sizeBytes) {

  /** Number of epochs. */
  public long epochs() {
    return lastEpoch - firstEpoch + 1;
  }
}
