package io.understudy.machine.devices;

import java.util.List;

/**
 * Saved state of a {@link Pit}. Times are ticks of 1193182 Hz since power-on.
 *
 * @param channels the three counters, in order
 * @param speakerEnabled bit 1 of port 0x61
 * @param evaluatedTick time up to which the interrupts of channel 0 have been delivered
 */
public record PitState(List<Channel> channels, boolean speakerEnabled, long evaluatedTick) {

  /** Number of counters of an 8254. */
  public static final int CHANNELS = 3;

  /** Refuses a wrong number of channels and times that lie in the future. */
  public PitState {
    channels = List.copyOf(channels);
    Checks.inRange("channels", channels.size(), CHANNELS, CHANNELS);
    Checks.notNegative("evaluatedTick", evaluatedTick);
    for (Channel channel : channels) {
      if (channel.loadTick() > evaluatedTick) {
        throw new IllegalArgumentException(
            "a count cannot have been loaded later than now: loadTick="
                + channel.loadTick()
                + " evaluatedTick="
                + evaluatedTick);
      }
    }
  }

  /**
   * One counter.
   *
   * @param mode 0 to 5
   * @param access which bytes are read and written: 1 low, 2 high, 3 low then high
   * @param bcd whether the counter counts in four decimal digits
   * @param count the count loaded last, 1 to 65536
   * @param loadTick when it was loaded, or counting restarted by the gate
   * @param armed whether a count has been loaded since the mode was set
   * @param gate level of the gate input
   * @param readHighNext whether the next unlatched read gives the high byte (access 3)
   * @param writeHighNext whether the next write is the high byte (access 3)
   * @param writeLow the low byte that waits for it
   * @param latchedBytes what is left to read of a latched count: 0 nothing, 1 low, 2 high, 3 low
   *     then high byte
   * @param latchedCount the latched count
   * @param statusLatched whether the next read gives the latched status
   * @param latchedStatus the latched status byte
   */
  public record Channel(
      int mode,
      int access,
      boolean bcd,
      int count,
      long loadTick,
      boolean armed,
      boolean gate,
      boolean readHighNext,
      boolean writeHighNext,
      int writeLow,
      int latchedBytes,
      int latchedCount,
      boolean statusLatched,
      int latchedStatus) {

    /** Refuses values a counter cannot hold. */
    public Channel {
      Checks.inRange("mode", mode, 0, 5);
      Checks.inRange("access", access, 1, 3);
      Checks.inRange("count", count, 1, 0x10000);
      Checks.notNegative("loadTick", loadTick);
      Checks.register("writeLow", writeLow);
      Checks.inRange("latchedBytes", latchedBytes, 0, 3);
      Checks.inRange("latchedCount", latchedCount, 0, 0xFFFF);
      Checks.register("latchedStatus", latchedStatus);
    }
  }
}
