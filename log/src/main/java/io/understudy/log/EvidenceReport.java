package io.understudy.log;

import io.understudy.schemas.VmId;
import java.util.UUID;

/**
 * What an evidence file holds. Immutable.
 *
 * @param vm the virtual machine
 * @param run the run
 * @param program what wrote the file
 * @param partitions number of partitions of the VM's log; in a file that does not begin with epoch
 *     0 its writer's word
 * @param firstEpoch number of the first epoch, from 0
 * @param lastEpoch number of the last epoch
 * @param term term of the last epoch, from 1
 * @param events number of events in these epochs, without the marks
 * @param firstEventEpoch number of the first epoch that has more than its mark, -1 if none has:
 *     only from there on do the hashes cover the VM and the run
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
    long firstEventEpoch,
    String previousHash,
    String hash,
    long sizeBytes) {

  /** Number of epochs. */
  public long epochs() {
    return lastEpoch - firstEpoch + 1;
  }
}
