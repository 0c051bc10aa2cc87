package io.understudy.replay.checkpoint;

import java.nio.ByteBuffer;
import java.util.UUID;
import net.openhft.hashing.LongHashFunction;

/**
 * 64-bit checksum of one version of a page: XXH3 of its content, then of run, number, epoch and
 * that hash. The place is part of it because a page that is whole but belongs elsewhere (a stray
 * write, a file of another store) is as wrong as a torn one. Finds damage, not forgery.
 *
 * <p>Stateless and thread-safe.
 */
final class PageChecksum {

  private static final LongHashFunction XXH3 = LongHashFunction.xx3();

  private final UUID run;

  PageChecksum(UUID run) {
    this.run = run;
  }

  long of(int number, long epoch, byte[] content) {
    ByteBuffer place = ByteBuffer.allocate(4 * Long.BYTES + Integer.BYTES);
    place.putLong(run.getMostSignificantBits());
    place.putLong(run.getLeastSignificantBits());
    place.putInt(number);
    place.putLong(epoch);
    place.putLong(XXH3.hashBytes(content));
    return XXH3.hashBytes(place.array());
  }
}
