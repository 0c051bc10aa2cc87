package io.understudy.machine.devices;

import java.util.Arrays;
import java.util.Objects;

/**
 * Saved state of an {@link Rtc}. Equal by content, the array included; it is copied in and out.
 *
 * @param startEpochMillis wall clock at virtual time 0, milliseconds since 1970 UTC
 * @param offsetSeconds by how much the guest has set the clock away from that
 * @param index the register selected at port 0x70, 0 to 127
 * @param statusA register A, 7 bits
 * @param statusB register B
 * @param memory the 128 bytes of CMOS memory; the slots of the time registers count only while the
 *     clock is halted
 */
@SuppressWarnings("ArrayRecordComponent") // copied in and out, compared by content
public record RtcState(
    long startEpochMillis, long offsetSeconds, int index, int statusA, int statusB, byte[] memory) {

  /** Refuses values the device cannot hold. */
  public RtcState {
    Rtc.checkStart(startEpochMillis);
    if (offsetSeconds < -Rtc.MAX_OFFSET_SECONDS || offsetSeconds > Rtc.MAX_OFFSET_SECONDS) {
      throw new IllegalArgumentException(
          "offsetSeconds is beyond any date a guest can set: offsetSeconds=" + offsetSeconds);
    }
    Checks.bits("index", index, 0x7F);
    Checks.bits("statusA", statusA, 0x7F);
    Checks.register("statusB", statusB);
    memory = Objects.requireNonNull(memory, "memory").clone();
    Checks.inRange("memory.length", memory.length, Rtc.MEMORY_BYTES, Rtc.MEMORY_BYTES);
  }

  @Override
  public byte[] memory() {
    return memory.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof RtcState that
        && startEpochMillis == that.startEpochMillis
        && offsetSeconds == that.offsetSeconds
        && index == that.index
        && statusA == that.statusA
        && statusB == that.statusB
        && Arrays.equals(memory, that.memory);
  }

  @Override
  public int hashCode() {
    return Objects.hash(
        startEpochMillis, offsetSeconds, index, statusA, statusB, Arrays.hashCode(memory));
  }

  @Override
  public String toString() {
    return "RtcState[startEpochMillis="
        + startEpochMillis
        + ", offsetSeconds="
        + offsetSeconds
        + ", index="
        + Checks.hex(index)
        + ", statusA="
        + Checks.hex(statusA)
        + ", statusB="
        + Checks.hex(statusB)
        + ", memory="
        + Arrays.toString(memory)
        + "]";
  }
}
