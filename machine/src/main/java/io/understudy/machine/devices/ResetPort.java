package io.understudy.machine.devices;

/**
 * The ports through which a guest asks for a reset: keyboard controller (0x64), fast A20 (0x92),
 * reset control (0xCF9).
 *
 * <p>Owned by the vCPU thread. The request is only remembered; what a reset means (normally: the
 * run ends) is the machine's business.
 *
 * <ul>
 *   <li>0x64 is what is left of an i8042. Its status reads 0: input buffer empty, so a guest that
 *       wants to reset does not wait, and output buffer empty, so a keyboard driver finds nothing
 *       and gives up. The commands 0xF0 to 0xFE with bit 0 clear pulse the reset line; Linux uses
 *       0xFE.
 *   <li>0x92 reads 0x02 (A20 on); writing bit 0 resets.
 *   <li>0xCF9 holds the reset type in bits 1 and 3; writing bit 2 resets.
 * </ul>
 *
 * <p>The device owns all of 0xCF8 to 0xCFB although only 0xCF9 means anything: a 4-byte write to
 * 0xCF8 is a PCI configuration address, which must not be split into bytes of which the second
 * would hit 0xCF9 by accident. There is no PCI bus behind it, so everything else reads all ones.
 *
 * <p>In a machine with a PCI bus and a {@link KeyboardController} those own 0xCF8 to 0xCFB and
 * 0x64. They pass the requests on; this device is then {@linkplain #attachBesidePciTo attached} to
 * 0x92 only.
 */
public final class ResetPort implements PortDevice {

  private static final int KEYBOARD_COMMAND = 0x64;
  private static final int FAST_A20 = 0x92;
  private static final int PCI_FIRST = 0xCF8;
  private static final int RESET_CONTROL = 0xCF9;
  private static final int PCI_LAST = 0xCFB;

  private static final int A20_ENABLED = 0x02;
  private static final int FAST_RESET = 0x01;
  private static final int RESET_CPU = 0x04;

  /** Bits of the reset control register that read back as written. */
  static final int RESET_TYPE_MASK = 0x0A;

  private int resetControl;
  private boolean resetRequested;

  /** Attaches the device to its ports. */
  public void attachTo(PortBus bus) {
    bus.attach(KEYBOARD_COMMAND, KEYBOARD_COMMAND, this);
    bus.attach(FAST_A20, FAST_A20, this);
    bus.attach(PCI_FIRST, PCI_LAST, this);
  }

  /**
   * Attaches the device to the ports that are left to it in a machine with a PCI bus and a keyboard
   * controller.
   */
  public void attachBesidePciTo(PortBus bus) {
    bus.attach(FAST_A20, FAST_A20, this);
  }

  /** Whether the guest has asked for a reset since power-on. */
  public boolean resetRequested() {
    return resetRequested;
  }

  @Override
  public int widthBytes() {
    return 4;
  }

  @Override
  public int in(int port, int size) {
    if (port >= PCI_FIRST && port <= PCI_LAST) {
      return port == RESET_CONTROL && size == 1 ? resetControl : -1 >>> (32 - 8 * size);
    }
    Checks.byteAccess(port, size);
    return switch (port) {
      case KEYBOARD_COMMAND -> 0;
      case FAST_A20 -> A20_ENABLED;
      default -> throw Checks.unknownPort("reset port", port);
    };
  }

  @Override
  public void out(int port, int size, int value) {
    if (port >= PCI_FIRST && port <= PCI_LAST) {
      if (port == RESET_CONTROL && size == 1) {
        resetControl = value & RESET_TYPE_MASK;
        request((value & RESET_CPU) != 0);
      }
      return;
    }
    Checks.byteAccess(port, size);
    switch (port) {
      case KEYBOARD_COMMAND -> request((value & 0xF1) == 0xF0);
      case FAST_A20 -> request((value & FAST_RESET) != 0);
      default -> throw Checks.unknownPort("reset port", port);
    }
  }

  /** Asks for a reset: the line that other devices pull. */
  public void request() {
    resetRequested = true;
  }

  private void request(boolean requested) {
    resetRequested |= requested;
  }

  /** The complete state. */
  public ResetPortState save() {
    return new ResetPortState(resetControl, resetRequested);
  }

  /** Replaces the complete state. */
  public void restore(ResetPortState state) {
    resetControl = state.resetControl();
    resetRequested = state.resetRequested();
  }
}
