package io.understudy.machine.devices;

import java.util.Objects;

/**
 * The 16550A serial port at 0x3F8 (COM1, IRQ 4): the machine's console.
 *
 * <p>Owned by the vCPU thread. The wire is infinitely fast in both directions. What the guest
 * transmits is complete at once and goes to the {@link ConsoleSink}. What comes from outside waits
 * on the line, in a backlog of 65536 bytes, and flows into the receiver whenever that has room;
 * bytes from outside are therefore never overrun, only lost when the guest itself clears its FIFO.
 * While fewer bytes than the trigger level are in the FIFO the character timeout, which is a matter
 * of time on a real wire, is reported at once. During loopback the line is held.
 *
 * <p>"Transmitter empty" is an event, not a level: it is raised by enabling it (every time: Linux
 * marks a port as faulty otherwise) and by every byte written, and cleared by reading it from IIR.
 * As the interrupt controller sees edges, a byte written while the event waits makes the wire fall
 * and rise again.
 *
 * <p>The wire to the interrupt controller is gated by OUT2 of the modem control register and dead
 * during loopback, as on a PC. The modem inputs never change (CTS, DSR, DCD on) except in loopback.
 * Parity, stop bits, divisor and break are stored without effect. Facts: PC16550D data sheet; Linux
 * drivers/tty/serial/8250/8250_port.c for what a driver probes.
 */
public final class Uart implements PortDevice {

  /** Size of the receive FIFO in bytes. */
  static final int FIFO_BYTES = 16;

  /** Bytes from outside that can wait on the line. */
  static final int BACKLOG_BYTES = 65_536;

  private static final int FIRST_PORT = 0x3F8;
  private static final int LAST_PORT = 0x3FF;

  private static final int DATA = 0;
  private static final int INTERRUPT_ENABLE = 1;
  private static final int INTERRUPT_ID = 2;
  private static final int LINE_CONTROL = 3;
  private static final int MODEM_CONTROL = 4;
  private static final int LINE_STATUS = 5;
  private static final int MODEM_STATUS = 6;

  private static final int IER_RECEIVE = 0x01;
  private static final int IER_TRANSMIT = 0x02;
  private static final int IER_LINE_STATUS = 0x04;
  private static final int IER_MODEM = 0x08;
  private static final int IER_MASK = 0x0F;

  private static final int IIR_MODEM = 0x00;
  private static final int IIR_NONE = 0x01;
  private static final int IIR_TRANSMIT = 0x02;
  private static final int IIR_RECEIVE = 0x04;
  private static final int IIR_LINE_STATUS = 0x06;
  private static final int IIR_TIMEOUT = 0x0C;
  private static final int IIR_FIFO_ENABLED = 0xC0;

  private static final int FCR_ENABLE = 0x01;
  private static final int FCR_CLEAR_RECEIVE = 0x02;

  private static final int LCR_DIVISOR_ACCESS = 0x80;

  private static final int MCR_MASK = 0x1F;
  private static final int MCR_DTR = 0x01;
  private static final int MCR_RTS = 0x02;
  private static final int MCR_OUT1 = 0x04;
  private static final int MCR_OUT2 = 0x08;
  private static final int MCR_LOOPBACK = 0x10;

  private static final int LSR_DATA_READY = 0x01;
  private static final int LSR_OVERRUN = 0x02;
  private static final int LSR_TRANSMITTER_EMPTY = 0x60;

  private static final int MSR_CTS = 0x10;
  private static final int MSR_DSR = 0x20;
  private static final int MSR_RI = 0x40;
  private static final int MSR_DCD = 0x80;
  private static final int MSR_IDLE = MSR_DCD | MSR_DSR | MSR_CTS;

  private static final int[] TRIGGER_LEVELS = {1, 4, 8, 14};

  private static final long FNV_OFFSET_BASIS = 0xCBF29CE484222325L;
  private static final long FNV_PRIME = 0x100000001B3L;

  private final IrqLine irq4;
  private final ConsoleSink sink;

  private final ByteRing fifo = new ByteRing(FIFO_BYTES);
  private final ByteRing backlog = new ByteRing(BACKLOG_BYTES);
  private int interruptEnable;
  private boolean fifoEnabled;
  private int triggerLevel = 1;
  private int lineControl;
  private int modemControl;
  private int scratch;
  private int divisor;
  private boolean overrun;
  private int modemChanges;
  private boolean transmitInterrupt;
  private long receivedBytes;
  private long transmittedBytes;
  private long transmitDigest = FNV_OFFSET_BASIS;

  /** Level last driven on the interrupt wire; follows from the state above, so it is not saved. */
  private boolean drivenLevel;

  /** Makes a port in its power-on state. */
  public Uart(IrqLine irq4, ConsoleSink sink) {
    this.irq4 = Objects.requireNonNull(irq4, "irq4");
    this.sink = Objects.requireNonNull(sink, "sink");
  }

  /** Attaches the device to its ports. */
  public void attachTo(PortBus bus) {
    bus.attach(FIRST_PORT, LAST_PORT, this);
  }

  /**
   * Puts bytes from outside on the line, all or none.
   *
   * @throws IllegalStateException if there are more than {@link #receiveRoom()}
   */
  public void receive(byte[] bytes) {
    if (bytes.length > receiveRoom()) {
      throw new IllegalStateException(
          "console input does not fit: bytes="
              + bytes.length
              + " receiveRoom="
              + receiveRoom()
              + " receivedBytes="
              + receivedBytes);
    }
    backlog.addAll(bytes);
    receivedBytes += bytes.length;
    settle();
  }

  /** Bytes from outside that can be taken now. */
  public int receiveRoom() {
    return backlog.room();
  }

  /** Bytes accepted from outside since power-on: the offset of the next byte of input. */
  public long receivedBytes() {
    return receivedBytes;
  }

  /** Bytes given to the sink since power-on: the offset of the next byte of output. */
  public long transmittedBytes() {
    return transmittedBytes;
  }

  /**
   * Does what {@code count} one-byte reads of the data port would do, for a string instruction of
   * the guest.
   *
   * @param count 0 or more
   */
  public byte[] insBytes(int count) {
    Checks.inRange("count", count, 0, Integer.MAX_VALUE);
    byte[] bytes = new byte[count];
    for (int i = 0; i < count; i++) {
      bytes[i] = (byte) in(FIRST_PORT, 1);
    }
    return bytes;
  }

  /** Does what one-byte writes of all {@code bytes} to the data port would do. */
  public void outsBytes(byte[] bytes) {
    for (byte value : bytes) {
      out(FIRST_PORT, 1, value);
    }
  }

  @Override
  public int in(int port, int size) {
    int value = readRegister(register(port, size));
    settle();
    return value;
  }

  private int readRegister(int register) {
    return switch (register) {
      case DATA -> isDivisorAccess() ? divisor & 0xFF : readData();
      case INTERRUPT_ENABLE -> isDivisorAccess() ? divisor >> 8 : interruptEnable;
      case INTERRUPT_ID -> readInterruptId();
      case LINE_CONTROL -> lineControl;
      case MODEM_CONTROL -> modemControl;
      case LINE_STATUS -> readLineStatus();
      case MODEM_STATUS -> readModemStatus();
      default -> scratch;
    };
  }

  private int readData() {
    return fifo.isEmpty() ? 0 : fifo.remove() & 0xFF;
  }

  private int readInterruptId() {
    int id = interruptId();
    if (id == IIR_TRANSMIT) {
      transmitInterrupt = false;
    }
    return fifoEnabled ? id | IIR_FIFO_ENABLED : id;
  }

  private int readLineStatus() {
    int value = LSR_TRANSMITTER_EMPTY;
    if (!fifo.isEmpty()) {
      value |= LSR_DATA_READY;
    }
    if (overrun) {
      value |= LSR_OVERRUN;
    }
    overrun = false;
    return value;
  }

  private int readModemStatus() {
    int value = modemLines() | modemChanges;
    modemChanges = 0;
    return value;
  }

  @Override
  public void out(int port, int size, int value) {
    writeRegister(register(port, size), value & 0xFF);
    settle();
  }

  private void writeRegister(int register, int value) {
    switch (register) {
      case DATA -> {
        if (isDivisorAccess()) {
          divisor = (divisor & 0xFF00) | value;
        } else {
          transmit((byte) value);
        }
      }
      case INTERRUPT_ENABLE -> {
        if (isDivisorAccess()) {
          divisor = (divisor & 0x00FF) | (value << 8);
        } else {
          writeInterruptEnable(value);
        }
      }
      case INTERRUPT_ID -> writeFifoControl(value);
      case LINE_CONTROL -> lineControl = value;
      case MODEM_CONTROL -> writeModemControl(value);
      case LINE_STATUS, MODEM_STATUS -> {
        // Read-only.
      }
      default -> scratch = value;
    }
  }

  private void transmit(byte value) {
    // Writing clears the event; let the wire fall before the byte, sent already, raises it again.
    transmitInterrupt = false;
    settle();
    if (isLoopback()) {
      loopBack(value);
    } else {
      transmittedBytes++;
      transmitDigest = (transmitDigest ^ (value & 0xFF)) * FNV_PRIME;
      sink.accept(value);
    }
    transmitInterrupt = true;
  }

  private void loopBack(byte value) {
    if (fifo.size() < capacity()) {
      fifo.add(value);
      return;
    }
    overrun = true;
    if (!fifoEnabled) {
      // Without FIFO the newer byte replaces the unread one; with FIFO it is lost in the shift
      // register.
      fifo.remove();
      fifo.add(value);
    }
  }

  private void writeInterruptEnable(int value) {
    boolean wasEnabled = (interruptEnable & IER_TRANSMIT) != 0;
    interruptEnable = value & IER_MASK;
    if (!wasEnabled && (interruptEnable & IER_TRANSMIT) != 0) {
      transmitInterrupt = true;
    }
  }

  private void writeFifoControl(int value) {
    boolean enable = (value & FCR_ENABLE) != 0;
    if (enable != fifoEnabled || (enable && (value & FCR_CLEAR_RECEIVE) != 0)) {
      fifo.clear();
    }
    fifoEnabled = enable;
    // The other bits count only together with the enable bit.
    triggerLevel = enable ? TRIGGER_LEVELS[value >> 6] : TRIGGER_LEVELS[0];
  }

  private void writeModemControl(int value) {
    int before = modemLines();
    modemControl = value & MCR_MASK;
    int changed = before ^ modemLines();
    modemChanges |= (changed & (MSR_CTS | MSR_DSR | MSR_DCD)) >> 4;
    // The ring indicator reports only its trailing edge.
    modemChanges |= (changed & before & MSR_RI) >> 4;
  }

  /** Upper half of MSR. In loopback the four modem outputs are wired to the four inputs. */
  private int modemLines() {
    if (!isLoopback()) {
      return MSR_IDLE;
    }
    int lines = 0;
    lines |= (modemControl & MCR_RTS) != 0 ? MSR_CTS : 0;
    lines |= (modemControl & MCR_DTR) != 0 ? MSR_DSR : 0;
    lines |= (modemControl & MCR_OUT1) != 0 ? MSR_RI : 0;
    lines |= (modemControl & MCR_OUT2) != 0 ? MSR_DCD : 0;
    return lines;
  }

  /** The waiting interrupt of the highest priority, as IIR shows it. */
  private int interruptId() {
    if ((interruptEnable & IER_LINE_STATUS) != 0 && overrun) {
      return IIR_LINE_STATUS;
    }
    if ((interruptEnable & IER_RECEIVE) != 0 && !fifo.isEmpty()) {
      return !fifoEnabled || fifo.size() >= triggerLevel ? IIR_RECEIVE : IIR_TIMEOUT;
    }
    if ((interruptEnable & IER_TRANSMIT) != 0 && transmitInterrupt) {
      return IIR_TRANSMIT;
    }
    if ((interruptEnable & IER_MODEM) != 0 && modemChanges != 0) {
      return IIR_MODEM;
    }
    return IIR_NONE;
  }

  /**
   * Lets the line flow into the receiver and drives the interrupt wire; ends every change of state.
   */
  private void settle() {
    while (!isLoopback() && !backlog.isEmpty() && fifo.size() < capacity()) {
      fifo.add(backlog.remove());
    }
    boolean level = wireLevel();
    if (level != drivenLevel) {
      drivenLevel = level;
      irq4.set(level);
    }
  }

  private boolean wireLevel() {
    boolean isGateOpen = (modemControl & (MCR_OUT2 | MCR_LOOPBACK)) == MCR_OUT2;
    return isGateOpen && interruptId() != IIR_NONE;
  }

  private int capacity() {
    return capacity(fifoEnabled);
  }

  private boolean isLoopback() {
    return isLoopback(modemControl);
  }

  /** Bytes the receiver holds. */
  static int capacity(boolean fifoEnabled) {
    return fifoEnabled ? FIFO_BYTES : 1;
  }

  /** Whether a value of the modem control register loops the transmitter back. */
  static boolean isLoopback(int modemControl) {
    return (modemControl & MCR_LOOPBACK) != 0;
  }

  private boolean isDivisorAccess() {
    return (lineControl & LCR_DIVISOR_ACCESS) != 0;
  }

  private static int register(int port, int size) {
    Checks.byteAccess(port, size);
    if (port < FIRST_PORT || port > LAST_PORT) {
      throw Checks.unknownPort("UART", port);
    }
    return port - FIRST_PORT;
  }

  static boolean isTriggerLevel(int value) {
    for (int level : TRIGGER_LEVELS) {
      if (level == value) {
        return true;
      }
    }
    return false;
  }

  /** The complete state. */
  public UartState save() {
    return new UartState(
        interruptEnable,
        fifoEnabled,
        triggerLevel,
        lineControl,
        modemControl,
        scratch,
        divisor,
        overrun,
        modemChanges,
        transmitInterrupt,
        fifo.toArray(),
        backlog.toArray(),
        receivedBytes,
        transmittedBytes,
        transmitDigest);
  }

  /** Replaces the complete state without driving the interrupt wire. */
  public void restore(UartState state) {
    interruptEnable = state.interruptEnable();
    fifoEnabled = state.fifoEnabled();
    triggerLevel = state.triggerLevel();
    lineControl = state.lineControl();
    modemControl = state.modemControl();
    scratch = state.scratch();
    divisor = state.divisor();
    overrun = state.overrun();
    modemChanges = state.modemChanges();
    transmitInterrupt = state.transmitInterrupt();
    fifo.clear();
    fifo.addAll(state.fifo());
    backlog.clear();
    backlog.addAll(state.backlog());
    receivedBytes = state.receivedBytes();
    transmittedBytes = state.transmittedBytes();
    transmitDigest = state.transmitDigest();
    drivenLevel = wireLevel();
  }
}
