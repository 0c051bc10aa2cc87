package io.understudy.machine.devices;

/**
 * One 8259A interrupt controller with its edge/level control register; {@link Pic} wires two of
 * them together.
 *
 * <p>Owned by the vCPU thread. Facts: Intel 8259A data sheet; where the data sheet leaves a choice,
 * Linux's arch/x86/kvm/i8259.c. Single mode, 8085 mode and buffered mode do not exist in a PC and
 * are ignored.
 */
final class PicChip {

  /**
   * Inputs whose trigger the ELCR can change; 0, 1 and 2 of the master are wired to edge
   * triggering.
   */
  static final int MASTER_LEVEL_MASK = 0xF8;

  /** As above for the slave: 8 (RTC) and 13 (FPU) are edge triggered for good. */
  static final int SLAVE_LEVEL_MASK = 0xDE;

  /** Input of the master that the slave's output is wired to. */
  static final int CASCADE = 2;

  /** Input whose vector is delivered when a request has gone before it was acknowledged. */
  static final int SPURIOUS = 7;

  static final int NONE = -1;

  /** What a poll reads when nothing is pending. */
  private static final int POLL_NOTHING = 0x07;

  private static final int POLL_PENDING = 0x80;

  private final boolean isMaster;

  private int requests;
  private int inService;
  private int mask;
  private int lastLevels;
  private int vectorBase;
  private int highestInput;
  private int initStep;
  private boolean icw4Expected;
  private boolean readInService;
  private boolean pollNext;
  private boolean specialMask;
  private boolean autoEoi;
  private boolean rotateOnAutoEoi;
  private boolean specialFullyNested;
  private int levelTriggered;

  PicChip(boolean isMaster) {
    this.isMaster = isMaster;
  }

  void setLine(int input, boolean level) {
    int bit = 1 << input;
    boolean isLevelTriggered = (levelTriggered & bit) != 0;
    if (level) {
      if (isLevelTriggered || (lastLevels & bit) == 0) {
        requests |= bit;
      }
      lastLevels |= bit;
    } else {
      if (isLevelTriggered) {
        requests &= ~bit;
      }
      lastLevels &= ~bit;
    }
  }

  /** A short pulse: a request for an edge triggered input, wherever the wire was before. */
  void pulse(int input) {
    setLine(input, true);
    setLine(input, false);
  }

  /** Takes back a request that has not been acknowledged. */
  void withdraw(int input) {
    requests &= ~(1 << input);
  }

  /** The input that would be acknowledged now, or {@link #NONE}. */
  int pendingInput() {
    int blocking = inService;
    if (specialMask) {
      blocking &= ~mask;
    }
    if (specialFullyNested && isMaster) {
      // The slave has ranked its inputs already; a better one may interrupt the handler of another.
      blocking &= ~(1 << CASCADE);
    }
    int rank = bestRank(requests & ~mask);
    return rank < bestRank(blocking) ? inputAt(rank) : NONE;
  }

  /** Moves an input from requested to in service, as the first INTA pulse does. */
  void acknowledge(int input) {
    int bit = 1 << input;
    if ((levelTriggered & bit) == 0) {
      requests &= ~bit;
    }
    if (autoEoi) {
      if (rotateOnAutoEoi) {
        makeLowest(input);
      }
    } else {
      inService |= bit;
    }
  }

  int vector(int input) {
    return vectorBase + input;
  }

  int readCommand() {
    return pollNext ? poll() : statusRegister();
  }

  int readData() {
    // The poll command turns the next read into an acknowledge, whichever port it comes from.
    return pollNext ? poll() : mask;
  }

  boolean isPolled() {
    return pollNext;
  }

  private int statusRegister() {
    return readInService ? inService : requests;
  }

  private int poll() {
    pollNext = false;
    int input = pendingInput();
    if (input == NONE) {
      return POLL_NOTHING;
    }
    acknowledge(input);
    return POLL_PENDING | input;
  }

  void writeCommand(int value) {
    if ((value & 0x10) != 0) {
      startInitialization((value & 0x01) != 0);
    } else if ((value & 0x08) != 0) {
      writeOcw3(value);
    } else {
      writeOcw2(value >> 5, value & 7);
    }
  }

  /** ICW1. Requests of level triggered inputs stay: their wires still ask. */
  private void startInitialization(boolean expectIcw4) {
    icw4Expected = expectIcw4;
    requests &= levelTriggered;
    inService = 0;
    mask = 0;
    lastLevels = 0;
    highestInput = 0;
    specialMask = false;
    readInService = false;
    pollNext = false;
    if (!expectIcw4) {
      autoEoi = false;
      specialFullyNested = false;
    }
    initStep = 1;
  }

  private void writeOcw3(int value) {
    if ((value & 0x04) != 0) {
      pollNext = true;
    }
    if ((value & 0x02) != 0) {
      readInService = (value & 0x01) != 0;
    }
    if ((value & 0x40) != 0) {
      specialMask = (value & 0x20) != 0;
    }
  }

  private void writeOcw2(int command, int input) {
    switch (command) {
      case 0 -> rotateOnAutoEoi = false;
      case 4 -> rotateOnAutoEoi = true;
      case 1 -> endBest(false);
      case 5 -> endBest(true);
      case 3 -> inService &= ~(1 << input);
      case 6 -> makeLowest(input);
      case 7 -> {
        inService &= ~(1 << input);
        makeLowest(input);
      }
      default -> {
        // 2 is the chip's own "no operation".
      }
    }
  }

  /**
   * Non-specific end of interrupt. In special mask mode it passes over masked inputs (data sheet).
   */
  private void endBest(boolean rotate) {
    int rank = bestRank(specialMask ? inService & ~mask : inService);
    if (rank == 8) {
      return;
    }
    int input = inputAt(rank);
    inService &= ~(1 << input);
    if (rotate) {
      makeLowest(input);
    }
  }

  void writeData(int value) {
    switch (initStep) {
      case 1 -> {
        vectorBase = value & 0xF8;
        initStep = 2;
      }
      case 2 ->
          // ICW3 describes the cascade, which is fixed on a PC.
          initStep = icw4Expected ? 3 : 0;
      case 3 -> {
        specialFullyNested = (value & 0x10) != 0;
        autoEoi = (value & 0x02) != 0;
        initStep = 0;
      }
      default -> mask = value;
    }
  }

  int readLevelTriggered() {
    return levelTriggered;
  }

  void writeLevelTriggered(int value) {
    levelTriggered = value & (isMaster ? MASTER_LEVEL_MASK : SLAVE_LEVEL_MASK);
  }

  private void makeLowest(int input) {
    highestInput = (input + 1) & 7;
  }

  private int inputAt(int rank) {
    return (highestInput + rank) & 7;
  }

  /** Rank, 0 the best, of the best input in {@code set}; 8 if the set is empty. */
  private int bestRank(int set) {
    int rank = 0;
    while (rank < 8 && (set & (1 << inputAt(rank))) == 0) {
      rank++;
    }
    return rank;
  }

  PicState.Chip save() {
    return new PicState.Chip(
        requests,
        inService,
        mask,
        lastLevels,
        vectorBase,
        highestInput,
        initStep,
        icw4Expected,
        readInService,
        pollNext,
        specialMask,
        autoEoi,
        rotateOnAutoEoi,
        specialFullyNested,
        levelTriggered);
  }

  void restore(PicState.Chip state) {
    requests = state.requests();
    inService = state.inService();
    mask = state.mask();
    lastLevels = state.lastLevels();
    vectorBase = state.vectorBase();
    highestInput = state.highestInput();
    initStep = state.initStep();
    icw4Expected = state.icw4Expected();
    readInService = state.readInService();
    pollNext = state.pollNext();
    specialMask = state.specialMask();
    autoEoi = state.autoEoi();
    rotateOnAutoEoi = state.rotateOnAutoEoi();
    specialFullyNested = state.specialFullyNested();
    levelTriggered = state.levelTriggered();
  }
}
