package io.understudy.replay.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.understudy.log.ChainState;
import io.understudy.log.LogPosition;
import io.understudy.replay.checkpoint.CheckpointCodec.DamagedBytesException;
import io.understudy.schemas.VmId;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

/** The bytes of a header: pinned for version 1, and refused when anything in them is changed. */
final class CheckpointCodecTest {

  /** Never change this: stores on disk look like it. */
  private static final String GOLDEN_VERSION_1 =
      "55434b50d0eb98f40000000100066c65646765720000000000000001000000000000000200000000"
          + "00000007000000000001117000000000000000020000000000000008000000000000002800000000"
          + "00000002000000205a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
          + "0000000200000000000000000000005a00000001000000000000005b000000000000000b00000000"
          + "0000000c000000000000000d00001000000010000000000500000258fffffffffffffff900000003"
          + "010203";

  private static StoredCheckpoint sample() {
    byte[] hash = new byte[32];
    Arrays.fill(hash, (byte) 0x5a);
    LogPosition log =
        new LogPosition(new ChainState(8, 40, 2, hash), new TreeMap<>(Map.of(0, 90L, 1, 91L)));
    Checkpoint checkpoint =
        new Checkpoint(
            new VmId("ledger"),
            new UUID(1, 2),
            7,
            70_000,
            2,
            log,
            11,
            12,
            13,
            new byte[] {1, 2, 3},
            4096,
            4096);
    return new StoredCheckpoint(checkpoint, 5, 600, -7);
  }

  @Test
  void givesTheSameBytes_asVersion1AlwaysDid() throws DamagedBytesException {
    assertThat(HexFormat.of().formatHex(CheckpointCodec.encode(sample())))
        .isEqualTo(GOLDEN_VERSION_1);
    assertThat(CheckpointCodec.decode(HexFormat.of().parseHex(GOLDEN_VERSION_1)))
        .isEqualTo(sample());
  }

  @Test
  void refuses_whenAnyBitIsFlipped() {
    byte[] encoded = CheckpointCodec.encode(sample());
    for (int bit = 0; bit < encoded.length * 8; bit++) {
      byte[] flipped = encoded.clone();
      flipped[bit / 8] ^= (byte) (1 << (bit % 8));

      assertThatExceptionOfType(DamagedBytesException.class)
          .as("bit %d", bit)
          .isThrownBy(() -> CheckpointCodec.decode(flipped));
    }
  }

  @Test
  void refuses_whenCutOff() {
    byte[] encoded = CheckpointCodec.encode(sample());
    for (int length = 0; length < encoded.length; length++) {
      byte[] cut = Arrays.copyOf(encoded, length);

      assertThatExceptionOfType(DamagedBytesException.class)
          .as("length %d", length)
          .isThrownBy(() -> CheckpointCodec.decode(cut));
    }
  }

  @Test
  void tellsANewerVersionFromDamage() {
    byte[] encoded = CheckpointCodec.encode(sample());
    ByteBuffer newer = ByteBuffer.wrap(encoded).putInt(8, 2);
    CRC32C crc = new CRC32C();
    crc.update(encoded, 8, encoded.length - 8);
    newer.putInt(4, (int) crc.getValue());

    assertThatExceptionOfType(CheckpointStoreException.class)
        .isThrownBy(() -> CheckpointCodec.decode(encoded))
        .withMessageContaining("format version 2, this build reads 1 to 1");
  }
}
