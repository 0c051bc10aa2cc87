package io.understudy.machine.devices;

/**
 * The PC's pair of 8259A interrupt controllers: IRQ 0 to 7 on the master, 8 to 15 on the slave,
 * which is wired to input 2 of the master.
 *
 * <p>Owned by the vCPU thread. {@link #acknowledge()} is the INTA cycle: call it when the interrupt
 * is given to the vCPU and not before, because it moves the interrupt from requested to in service.
 *
 * <p>Edge triggered requests stay latched when the wire falls again. Level triggered ones follow
 * the wire. The slave's output reaches the master as a pulse, repeated after every change for as
 * long as the slave has something to say; a slave request that vanishes before it is acknowledged
 * therefore gives the slave's spurious vector. Source: Linux arch/x86/kvm/i8259.c, and the Intel
 * data sheet for poll and special mask mode.
 */
public final class Pic implements PortDevice {

  private static final int MASTER_COMMAND = 0x20;
  private static final int MASTER_DATA = 0x21;
  private static final int SLAVE_COMMAND = 0xA0;
  private static final int SLAVE_DATA = 0xA1;
  private static final int MASTER_ELCR = 0x4D0;
  private static final int SLAVE_ELCR = 0x4D1;

  private final PicChip master = new PicChip(true);
  private final PicChip slave = new PicChip(false);

  /** Attaches the device to its ports. */
  public void attachTo(PortBus bus) {
    bus.attach(MASTER_COMMAND, MASTER_DATA, this);
    bus.attach(SLAVE_COMMAND, SLAVE_DATA, this);
    bus.attach(MASTER_ELCR, SLAVE_ELCR, this);
  }

  /**
   * Drives an interrupt wire.
   *
   * @param irq 0 to 15 without 2, which is the cascade and has no wire
   */
  public void setLine(int irq, boolean level) {
    Checks.inRange("irq", irq, 0, 15);
    if (irq == PicChip.CASCADE) {
      throw new IllegalArgumentException("irq 2 is the cascade and cannot be driven: irq=2");
    }
    if (irq < 8) {
      master.setLine(irq, level);
    } else {
      slave.setLine(irq - 8, level);
    }
    cascade();
  }

  /**
   * Makes an input level triggered, as firmware does before the guest starts for the inputs that
   * PCI devices share. The guest can change it back by the edge/level control registers.
   *
   * @param irq 3 to 7, 9 to 12, 14 or 15; the others are wired to edge triggering
   */
  public void makeLevelTriggered(int irq) {
    Checks.inRange("irq", irq, 0, 15);
    int bit = 1 << (irq & 7);
    PicChip chip = irq < 8 ? master : slave;
    int possible = irq < 8 ? PicChip.MASTER_LEVEL_MASK : PicChip.SLAVE_LEVEL_MASK;
    if ((possible & bit) == 0) {
      throw new IllegalArgumentException("irq is edge triggered for good: irq=" + irq);
    }
    chip.writeLevelTriggered(chip.readLevelTriggered() | bit);
  }

  /** The wire of one IRQ, for a device that drives it. */
  public IrqLine line(int irq) {
    return level -> setLine(irq, level);
  }

  /** Whether the controller asks the vCPU for an interrupt. */
  public boolean interruptPending() {
    return master.pendingInput() != PicChip.NONE;
  }

  /**
   * Performs the INTA cycle.
   *
   * @return the vector, 0 to 255; the spurious one (input 7) if nothing is pending any more
   */
  public int acknowledge() {
    int vector = acknowledgeMaster();
    cascade();
    return vector;
  }

  private int acknowledgeMaster() {
    int input = master.pendingInput();
    if (input == PicChip.NONE) {
      return master.vector(PicChip.SPURIOUS);
    }
    master.acknowledge(input);
    return input == PicChip.CASCADE ? acknowledgeSlave() : master.vector(input);
  }

  private int acknowledgeSlave() {
    int input = slave.pendingInput();
    if (input == PicChip.NONE) {
      return slave.vector(PicChip.SPURIOUS);
    }
    slave.acknowledge(input);
    return slave.vector(input);
  }

  private void cascade() {
    if (slave.pendingInput() != PicChip.NONE) {
      master.pulse(PicChip.CASCADE);
    }
  }

  @Override
  public int in(int port, int size) {
    Checks.byteAccess(port, size);
    if ((port == SLAVE_COMMAND || port == SLAVE_DATA) && slave.isPolled()) {
      // The slave is being acknowledged behind the master's back, so its output falls.
      master.withdraw(PicChip.CASCADE);
    }
    int value =
        switch (port) {
          case MASTER_COMMAND -> master.readCommand();
          case MASTER_DATA -> master.readData();
          case SLAVE_COMMAND -> slave.readCommand();
          case SLAVE_DATA -> slave.readData();
          case MASTER_ELCR -> master.readLevelTriggered();
          case SLAVE_ELCR -> slave.readLevelTriggered();
          default -> throw Checks.unknownPort("PIC", port);
        };
    cascade();
    return value;
  }

  @Override
  public void out(int port, int size, int value) {
    Checks.byteAccess(port, size);
    int data = value & 0xFF;
    switch (port) {
      case MASTER_COMMAND -> master.writeCommand(data);
      case MASTER_DATA -> master.writeData(data);
      case SLAVE_COMMAND -> slave.writeCommand(data);
      case SLAVE_DATA -> slave.writeData(data);
      case MASTER_ELCR -> master.writeLevelTriggered(data);
      case SLAVE_ELCR -> slave.writeLevelTriggered(data);
      default -> throw Checks.unknownPort("PIC", port);
    }
    cascade();
  }

  /** The complete state. */
  public PicState save() {
    return new PicState(master.save(), slave.save());
  }

  /** Replaces the complete state. */
  public void restore(PicState state) {
    master.restore(state.master());
    slave.restore(state.slave());
  }
}
