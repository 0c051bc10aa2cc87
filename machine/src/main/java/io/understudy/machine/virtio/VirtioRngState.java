package io.understudy.machine.virtio;

import io.understudy.machine.devices.Checks;
import java.util.Arrays;
import java.util.Objects;

/**
 * Saved state of a {@link VirtioRng}. Equal by content, the array included; it is copied in and
 * out.
 *
 * @param seed 32 bytes
 * @param counter blocks begun since power-on
 * @param position bytes of the newest block that are handed out, 0 to 32; 32 before the first block
 */
public record VirtioRngState(byte[] seed, long counter, int position) {

  /** Refuses values the device cannot hold. */
  public VirtioRngState {
    seed = Objects.requireNonNull(seed, "seed").clone();
    Checks.inRange("seed.length", seed.length, VirtioRng.SEED_BYTES, VirtioRng.SEED_BYTES);
    Checks.notNegative("counter", counter);
    Checks.inRange("position", position, 0, VirtioRng.BLOCK_BYTES);
    if (counter == 0 && position != VirtioRng.BLOCK_BYTES) {
      throw new IllegalArgumentException(
          "no block has been begun, so none can be left over: position=" + position);
    }
  }

  @Override
  public byte[] seed() {
    return seed.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof VirtioRngState that
        && Arrays.equals(seed, that.seed)
        && counter == that.counter
        && position == that.position;
  }

  @Override
  public int hashCode() {
    return Objects.hash(Arrays.hashCode(seed), counter, position);
  }

  /** Without the seed: what the guest takes for secret is nobody's to read in a log. */
  @Override
  public String toString() {
    return "VirtioRngState[counter=" + counter + ", position=" + position + "]";
  }
}
