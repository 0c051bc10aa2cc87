package io.understudy.machine.devices;

import java.util.Objects;

/**
 * The MC146818 real time clock and CMOS memory behind ports 0x70 (index) and 0x71 (data).
 *
 * <p>Owned by the vCPU thread. The time is the wall clock recorded at the start of the run plus the
 * virtual time since then, in UTC, plus whatever the guest has set. The guest sets it either by
 * writing a time register or, as drivers do, by halting the clock with the SET bit of register B,
 * writing all registers and clearing the bit.
 *
 * <p>There is never an update in progress, so a guest can read at any moment. Alarm, periodic and
 * update interrupts do not exist: register C reads 0 and IRQ 8 is not wired. Source: Motorola
 * MC146818 data sheet; the century register 0x32 is the PC convention.
 */
public final class Rtc implements PortDevice {

  /** Size of the CMOS memory, clock registers included. */
  static final int MEMORY_BYTES = 128;

  /**
   * Two-digit centuries and years reach 25755 (binary 255, 255); times beyond 9999 are only ever
   * set by nonsense.
   */
  static final long MAX_OFFSET_SECONDS = 1_000_000_000_000L;

  private static final int INDEX_PORT = 0x70;
  private static final int DATA_PORT = 0x71;

  private static final int STATUS_A = 0x0A;
  private static final int STATUS_B = 0x0B;
  private static final int STATUS_C = 0x0C;
  private static final int STATUS_D = 0x0D;

  private static final int POWER_ON_STATUS_A = 0x26;
  private static final int UPDATE_IN_PROGRESS = 0x80;
  private static final int HALTED = 0x80;
  private static final int VALID_RAM_AND_TIME = 0x80;

  private static final long LAST_START_EPOCH_MILLIS = 253_402_300_799_999L;
  private static final long NANOS_PER_MILLI = 1_000_000L;

  private final VirtualClock clock;
  private long startEpochMillis;
  private long offsetSeconds;
  private int index;
  private int statusA = POWER_ON_STATUS_A;
  private int statusB = RtcTime.HOURS_24;
  private final byte[] memory = new byte[MEMORY_BYTES];

  /**
   * Makes a clock in its power-on state.
   *
   * @param startEpochMillis wall clock at virtual time 0, milliseconds since 1970 UTC, in the years
   *     1970 to 9999
   */
  public Rtc(VirtualClock clock, long startEpochMillis) {
    this.clock = Objects.requireNonNull(clock, "clock");
    this.startEpochMillis = checkStart(startEpochMillis);
  }

  static long checkStart(long startEpochMillis) {
    if (startEpochMillis < 0 || startEpochMillis > LAST_START_EPOCH_MILLIS) {
      throw new IllegalArgumentException(
          "start must be in the years 1970 to 9999: startEpochMillis=" + startEpochMillis);
    }
    return startEpochMillis;
  }

  /** Attaches the device to its ports. */
  public void attachTo(PortBus bus) {
    bus.attach(INDEX_PORT, DATA_PORT, this);
  }

  @Override
  public int in(int port, int size) {
    Checks.byteAccess(port, size);
    return switch (port) {
      case INDEX_PORT -> 0xFF; // write-only
      case DATA_PORT -> read();
      default -> throw Checks.unknownPort("RTC", port);
    };
  }

  private int read() {
    return switch (index) {
      case STATUS_A -> statusA;
      case STATUS_B -> statusB;
      case STATUS_C -> 0;
      case STATUS_D -> VALID_RAM_AND_TIME;
      default ->
          isRunningTime(index) ? RtcTime.read(index, epochSecond(), statusB) : memory[index] & 0xFF;
    };
  }

  @Override
  public void out(int port, int size, int value) {
    Checks.byteAccess(port, size);
    switch (port) {
      // Bit 7 masks the NMI, which this machine never raises.
      case INDEX_PORT -> index = value & 0x7F;
      case DATA_PORT -> write(value & 0xFF);
      default -> throw Checks.unknownPort("RTC", port);
    }
  }

  private void write(int value) {
    switch (index) {
      case STATUS_A -> statusA = value & ~UPDATE_IN_PROGRESS;
      case STATUS_B -> writeStatusB(value);
      case STATUS_C, STATUS_D -> {
        // Read-only.
      }
      default -> {
        if (isRunningTime(index)) {
          setRunningTime(index, value);
        } else {
          memory[index] = (byte) value;
        }
      }
    }
  }

  /** Changes one field of the time and leaves the others as they are now. */
  private void setRunningTime(int register, int value) {
    byte[] registers = new byte[MEMORY_BYTES];
    RtcTime.store(epochSecond(), statusB, registers);
    registers[register] = (byte) value;
    setTime(registers);
  }

  private void writeStatusB(int value) {
    boolean wasHalted = isHalted();
    boolean halts = (value & HALTED) != 0;
    if (halts && !wasHalted) {
      RtcTime.store(epochSecond(), statusB, memory);
    } else if (wasHalted && !halts) {
      // The registers were written in the format that was in force until now.
      setTime(memory);
    }
    statusB = value;
  }

  private void setTime(byte[] registers) {
    offsetSeconds += RtcTime.load(registers, statusB) - epochSecond();
  }

  /** Whether a register shows the running time rather than memory. */
  private boolean isRunningTime(int register) {
    return !isHalted() && RtcTime.isTimeRegister(register);
  }

  private boolean isHalted() {
    return (statusB & HALTED) != 0;
  }

  private long epochSecond() {
    long millis = startEpochMillis + clock.nanos() / NANOS_PER_MILLI;
    return millis / 1000 + offsetSeconds;
  }

  /** The complete state; the clock is saved separately. */
  public RtcState save() {
    return new RtcState(startEpochMillis, offsetSeconds, index, statusA, statusB, memory);
  }

  /** Replaces the complete state, the start of the wall clock included. */
  public void restore(RtcState state) {
    startEpochMillis = state.startEpochMillis();
    offsetSeconds = state.offsetSeconds();
    index = state.index();
    statusA = state.statusA();
    statusB = state.statusB();
    System.arraycopy(state.memory(), 0, memory, 0, MEMORY_BYTES);
  }
}
