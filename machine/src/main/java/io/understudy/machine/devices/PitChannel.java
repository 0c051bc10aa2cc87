package io.understudy.machine.devices;

/**
 * One counter of the 8254; {@link Pit} holds three.
 *
 * <p>Owned by the vCPU thread. Nothing counts: the counter's value and output are computed from the
 * time that has passed since the count was loaded. All times are ticks since power-on and never go
 * back.
 *
 * <p>The rules are those of Linux's arch/x86/kvm/i8254.c, which guests are known to live with. They
 * differ from the Intel data sheet where no guest looks: a new count takes effect at once in every
 * mode, OUT is the inverse of the chip's in modes 1, 2, 4 and 5, the gate does not stop modes 0 and
 * 4, and null count is always 0.
 */
final class PitChannel {

  /** Answer of {@link #nextInterruptTick} when there is none. */
  static final long NEVER = Long.MAX_VALUE;

  private static final int ACCESS_LOW = 1;
  private static final int ACCESS_HIGH = 2;
  private static final int ACCESS_BOTH = 3;

  private int mode;
  private int access = ACCESS_BOTH;
  private boolean bcd;
  private int count = 0x10000;
  private long loadTick;
  private boolean armed;
  private boolean gate;
  private boolean readHighNext;
  private boolean writeHighNext;
  private int writeLow;
  private int latchedBytes;
  private int latchedCount;
  private boolean statusLatched;
  private int latchedStatus;

  PitChannel(boolean gate) {
    this.gate = gate;
  }

  /**
   * Takes a control word whose access bits are not 0. Programming a counter discards what was
   * latched.
   */
  void program(int controlWord) {
    access = (controlWord >> 4) & 3;
    int modeBits = (controlWord >> 1) & 7;
    // The chip ignores the top mode bit of the two periodic modes: 6 and 7 mean 2 and 3.
    mode = modeBits > 5 ? modeBits - 4 : modeBits;
    bcd = (controlWord & 1) != 0;
    armed = false;
    readHighNext = false;
    writeHighNext = false;
    latchedBytes = 0;
    statusLatched = false;
  }

  void write(int value, long nowTick) {
    switch (access) {
      case ACCESS_LOW -> load(value, nowTick);
      case ACCESS_HIGH -> load(value << 8, nowTick);
      default -> {
        if (writeHighNext) {
          load((value << 8) | writeLow, nowTick);
        } else {
          writeLow = value;
        }
        writeHighNext = !writeHighNext;
      }
    }
  }

  private void load(int register, long nowTick) {
    int value = bcd ? fromBcd(register) : register;
    if (value == 0) {
      value = modulus();
    }
    count = value;
    loadTick = nowTick;
    armed = true;
  }

  int read(long nowTick) {
    if (statusLatched) {
      statusLatched = false;
      return latchedStatus;
    }
    if (latchedBytes != 0) {
      return readLatched();
    }
    int value = counter(nowTick);
    boolean high = access == ACCESS_HIGH || (access == ACCESS_BOTH && readHighNext);
    if (access == ACCESS_BOTH) {
      readHighNext = !readHighNext;
    }
    return high ? value >> 8 : value & 0xFF;
  }

  private int readLatched() {
    if ((latchedBytes & ACCESS_LOW) != 0) {
      latchedBytes &= ~ACCESS_LOW;
      return latchedCount & 0xFF;
    }
    latchedBytes = 0;
    return latchedCount >> 8;
  }

  /** Latches the count; a count that is still latched stays. */
  void latchCount(long nowTick) {
    if (latchedBytes == 0) {
      latchedCount = counter(nowTick);
      latchedBytes = access;
    }
  }

  /** Latches the status; a status that is still latched stays. */
  void latchStatus(long nowTick) {
    if (!statusLatched) {
      int out = out(nowTick) ? 0x80 : 0;
      latchedStatus = out | (access << 4) | (mode << 1) | (bcd ? 1 : 0);
      statusLatched = true;
    }
  }

  boolean gate() {
    return gate;
  }

  /** Sets the gate input; a rising edge restarts modes 1, 2, 3 and 5. */
  void setGate(boolean level, long nowTick) {
    boolean restarts = mode != 0 && mode != 4;
    if (level && !gate && restarts) {
      loadTick = nowTick;
    }
    gate = level;
  }

  /** Level of the OUT pin as status and port 0x61 show it. */
  boolean out(long nowTick) {
    long elapsed = nowTick - loadTick;
    return switch (mode) {
      case 0 -> elapsed >= count;
      case 1 -> elapsed < count;
      case 2 -> elapsed != 0 && elapsed % count == 0;
      case 3 -> elapsed % count < (count + 1) / 2;
      default -> elapsed == count;
    };
  }

  /**
   * The first interrupt this counter gives after {@code tick}: when the count has run out in modes
   * 0, 1 and 4, at each reload in modes 2 and 3, never in mode 5 (its trigger, the gate, is tied
   * high where an interrupt is wired) nor between a control word and its count.
   */
  long nextInterruptTick(long tick) {
    if (!armed || mode == 5) {
      return NEVER;
    }
    long first = loadTick + count;
    if (tick < first) {
      return first;
    }
    boolean isPeriodic = mode == 2 || mode == 3;
    return isPeriodic ? tick + count - (tick - loadTick) % count : NEVER;
  }

  /** The counter's value as a guest reads it, 16 bits. */
  private int counter(long nowTick) {
    long elapsed = nowTick - loadTick;
    long value =
        switch (mode) {
          case 2 -> count - elapsed % count;
          case 3 -> count - 2 * elapsed % count;
          default -> count - elapsed;
        };
    int wrapped = (int) Math.floorMod(value, (long) modulus());
    return bcd ? toBcd(wrapped) : wrapped;
  }

  private int modulus() {
    return bcd ? 10_000 : 0x10000;
  }

  /** Decodes four decimal digits; digits above 9 count as what they say, so nothing is refused. */
  private static int fromBcd(int register) {
    return (register >> 12) * 1000
        + ((register >> 8) & 0xF) * 100
        + ((register >> 4) & 0xF) * 10
        + (register & 0xF);
  }

  private static int toBcd(int value) {
    return ((value / 1000) << 12)
        | ((value / 100 % 10) << 8)
        | ((value / 10 % 10) << 4)
        | (value % 10);
  }

  PitState.Channel save() {
    return new PitState.Channel(
        mode,
        access,
        bcd,
        count,
        loadTick,
        armed,
        gate,
        readHighNext,
        writeHighNext,
        writeLow,
        latchedBytes,
        latchedCount,
        statusLatched,
        latchedStatus);
  }

  void restore(PitState.Channel state) {
    mode = state.mode();
    access = state.access();
    bcd = state.bcd();
    count = state.count();
    loadTick = state.loadTick();
    armed = state.armed();
    gate = state.gate();
    readHighNext = state.readHighNext();
    writeHighNext = state.writeHighNext();
    writeLow = state.writeLow();
    latchedBytes = state.latchedBytes();
    latchedCount = state.latchedCount();
    statusLatched = state.statusLatched();
    latchedStatus = state.latchedStatus();
  }
}
