package io.understudy.machine.devices;

import java.util.Objects;

/**
 * The ACPI power management timer at port 0x608: a 24-bit counter of 3579545 Hz that only ever runs
 * forward and wraps about every 4.7 seconds.
 *
 * <p>Owned by the vCPU thread. The value follows from the virtual clock, so there is nothing to
 * save. There is no other ACPI hardware beside it and no overflow interrupt; Linux is told of the
 * port by {@code pmtmr=0x608}. Source: ACPI specification, section "Power Management Timer"
 * (TMR_VAL, with TMR_VAL_EXT clear: the upper 8 bits read 0); Linux drivers/clocksource/acpi_pm.c.
 */
public final class PmTimer implements PortDevice {

  private static final int FIRST_PORT = 0x608;
  private static final int LAST_PORT = 0x60B;
  private static final int COUNTER_MASK = 0xFF_FFFF;

  private static final long FREQUENCY_HZ = 3_579_545L;
  private static final long NANOS_PER_SECOND = 1_000_000_000L;

  private final VirtualClock clock;

  /** Makes a timer that shows {@code clock}. */
  public PmTimer(VirtualClock clock) {
    this.clock = Objects.requireNonNull(clock, "clock");
  }

  /** Attaches the device to its ports. */
  public void attachTo(PortBus bus) {
    bus.attach(FIRST_PORT, LAST_PORT, this);
  }

  @Override
  public int widthBytes() {
    return 4;
  }

  @Override
  public int in(int port, int size) {
    return counter() >>> (8 * byteIndex(port));
  }

  /** Read-only: writes have no effect. */
  @Override
  public void out(int port, int size, int value) {
    byteIndex(port);
  }

  /** Whole ticks since power-on, without rounding twice: a second is a whole number of ticks. */
  private int counter() {
    long seconds = clock.nanos() / NANOS_PER_SECOND;
    long rest = clock.nanos() % NANOS_PER_SECOND;
    long ticks = seconds * FREQUENCY_HZ + rest * FREQUENCY_HZ / NANOS_PER_SECOND;
    return (int) (ticks & COUNTER_MASK);
  }

  private static int byteIndex(int port) {
    if (port < FIRST_PORT || port > LAST_PORT) {
      throw Checks.unknownPort("PM timer", port);
    }
    return port - FIRST_PORT;
  }
}
