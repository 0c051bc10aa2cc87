package io.understudy.failover.front;

/** How clients share a guest's console; recorded under {@link #code} in {@code RunStarted}. */
public enum ConsoleMode {
  /** One client at a time, bytes pass through. */
  STREAM("stream"),
  /** Many clients, multiplexed by the channel protocol. */
  CHANNELS("channels");

  private final String code;

  ConsoleMode(String code) {
    this.code = code;
  }

  /** Stable name in files and settings. */
  public String code() {
    return code;
  }

  /** The mode with this code; refuses any other with an {@link IllegalArgumentException}. */
  public static ConsoleMode of(String code) {
    for (ConsoleMode mode : values()) {
      if (mode.code.equals(code)) {
        return mode;
      }
    }
    throw new IllegalArgumentException("console mode must be 'stream' or 'channels': mode=" + code);
  }
}
