package io.understudy.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.understudy.schemas.EventCodec;
import io.understudy.schemas.EventRecord;
import io.understudy.schemas.SchemaException;
import java.util.List;
import org.junit.jupiter.api.Test;

class EpochVerifierTest {
  private final RawLog log = new RawLog();

  @Test
  void refusesEpoch_whenAnyBitOfAnyOfItsRecordsIsFlipped() {
    List<byte[]> intact = log.values(3);
    int flips = 0;
    for (int index = 0; index < intact.size(); index++) {
      boolean isMark = index == intact.size() - 1;
      for (int bit = 0; bit < intact.get(index).length * Byte.SIZE; bit++) {
        byte[] flipped = intact.get(index).clone();
        flipped[bit / Byte.SIZE] ^= (byte) (1 << (bit % Byte.SIZE));
        if (isMark && meansTheSame(flipped, intact.get(index))) {
          // The mark's content is hashed, not its bytes: a hexadecimal digit of the run's UUID in
          // upper case is the same content.
          continue;
        }
        flips++;
        int at = index;
        assertThatThrownBy(() -> verifyWith(at, flipped))
            .as("record %d bit %d", index, bit)
            .isInstanceOf(LogCorruptException.class);
      }
    }
    assertThat(flips).isGreaterThan(2500);
  }

  @Test
  void acceptsEpoch_whenNothingIsFlipped() {
    assertThat(verifyWith(0, log.values(3).get(0)).number()).isEqualTo(3);
  }

  private static boolean meansTheSame(byte[] flipped, byte[] intact) {
    EventRecord expected = EventCodec.decode(intact);
    try {
      return EventCodec.decode(flipped).equals(expected);
    } catch (SchemaException e) {
      return false;
    }
  }

  /** Verifies epoch 3 with one record replaced. */
  private Epoch verifyWith(int index, byte[] value) {
    LogPosition start =
        new LogPosition(log.chainBefore(3), LogPosition.genesis(RawLog.PARTITIONS).offsets());
    EpochVerifier verifier = new EpochVerifier(log.vm.text(), log.run, start);
    Epoch epoch = null;
    for (int at = 0; at < log.values(3).size(); at++) {
      epoch = verifier.accept(1, at, 0, at == index ? value : log.values(3).get(at));
    }
    return epoch;
  }
}
