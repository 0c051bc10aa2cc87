package io.understudy.machine.pci;

import io.understudy.machine.devices.IrqLine;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.BooleanSupplier;

/**
 * An interrupt wire that several functions pull: it is high while any of them asks. The interrupt
 * controller's input must be level triggered.
 *
 * <p>Owned by the vCPU thread. Has no state of its own: the level follows from those of the
 * functions.
 */
public final class IntxLine {

  private final IrqLine wire;
  private final int irq;
  private final List<BooleanSupplier> sources = new ArrayList<>();
  private boolean drivenLevel;

  /** Makes a wire to input {@code irq} of the interrupt controller. */
  public IntxLine(int irq, IrqLine wire) {
    this.irq = irq;
    this.wire = Objects.requireNonNull(wire, "wire");
  }

  /** The interrupt controller's input, as the interrupt line register tells the guest. */
  public int irq() {
    return irq;
  }

  /** Adds a function; {@code isAsking} must be a pure function of its state. */
  public void connect(BooleanSupplier isAsking) {
    sources.add(Objects.requireNonNull(isAsking, "isAsking"));
  }

  /** Drives the wire if its level has changed; ends every change of a function's state. */
  public void update() {
    boolean level = level();
    if (level != drivenLevel) {
      drivenLevel = level;
      wire.set(level);
    }
  }

  /** Takes the functions' restored states without driving the wire. */
  public void restored() {
    drivenLevel = level();
  }

  private boolean level() {
    for (BooleanSupplier source : sources) {
      if (source.getAsBoolean()) {
        return true;
      }
    }
    return false;
  }
}
