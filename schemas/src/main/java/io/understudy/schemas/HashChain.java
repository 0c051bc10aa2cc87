package io.understudy.schemas;

import java.nio.ByteBuffer;
import java.security.MessageDigest;

/**
 * The hash chain over a run's epochs: whoever knows the hash of one epoch can prove that the
 * history before it was not changed, shortened or reordered.
 *
 * <pre>
 * events = SHA-256( for each event of the epoch, without the mark:
 *                     length of its wire bytes (4 bytes, big-endian) || wire bytes )
 * hash   = SHA-256( previousHash (32 bytes) || events (32 bytes)
 *                   || epoch || term || firstSequence || eventCount || position || rip || registers
 *                   || registersDigest || devicesDigest || memoryDigest
 *                   || inputOffset || outputOffset || releasedOutputOffset || virtualNanos
 *                   [ || framesSent || framesReleased ] )
 * </pre>
 *
 * with every number as 8 bytes, big-endian. The part in brackets is there when framesSent is not 0,
 * so that marks written before there were frames keep their hash. Wire bytes are the Kafka record's
 * value as written, so that a verifier needs no Avro encoder, and a later version can check records
 * it does not understand. The first epoch's previous hash is 32 zero bytes.
 *
 * <p>The mark's own wire bytes cannot be hashed, because they hold the hash; instead every value of
 * its envelope and content is, except vm and run, which are in the events of epoch 0.
 *
 * <p>One instance hashes the events of one epoch and is not thread-safe.
 */
public final class HashChain {
  /** Length of a hash in bytes. */
  public static final int HASH_BYTES = 32;

  private static final int NUMBERS = 16;

  private final MessageDigest events = Hashes.sha256();

  /** Starts with an epoch that has no events. */
  public HashChain() {}

  /** The previous hash of a run's first epoch: 32 zero bytes. */
  public static byte[] genesis() {
    return new byte[HASH_BYTES];
  }

  /** Adds the epoch's next event by its wire bytes. */
  public void add(byte[] wireBytes) {
    events.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, wireBytes.length));
    events.update(wireBytes);
  }

  /**
   * Returns the hash of the epoch that {@code mark} closes, from the events added so far, and makes
   * this instance ready for another epoch. The mark's own {@code hash} is not read.
   */
  public byte[] close(
      long epoch,
      long term,
      long position,
      long rip,
      long registers,
      GuestEvent.EpochCommitted mark) {
    MessageDigest chain = Hashes.sha256();
    chain.update(mark.previousHash());
    chain.update(events.digest());
    ByteBuffer numbers = ByteBuffer.allocate(NUMBERS * Long.BYTES);
    numbers.putLong(epoch).putLong(term).putLong(mark.firstSequence()).putLong(mark.eventCount());
    numbers.putLong(position).putLong(rip).putLong(registers);
    numbers.putLong(mark.registersDigest());
    numbers.putLong(mark.devicesDigest()).putLong(mark.memoryDigest());
    numbers.putLong(mark.inputOffset()).putLong(mark.outputOffset());
    numbers.putLong(mark.releasedOutputOffset()).putLong(mark.virtualNanos());
    if (mark.framesSent() != 0) {
      numbers.putLong(mark.framesSent()).putLong(mark.framesReleased());
    }
    chain.update(numbers.flip());
    return chain.digest();
  }
}
