package io.understudy.machine.devices;

import java.util.Objects;

/**
 * What is left of the PC's i8042 keyboard controller at ports 0x60 (data) and 0x64 (command and
 * status): enough for a driver to find it healthy, and for the reset that hangs on it.
 *
 * <p>Owned by the vCPU thread. Everything is done at once, so the input buffer is always empty. The
 * output buffer holds one byte; the answer to a command replaces what nobody has fetched. A byte
 * sent to the keyboard is acknowledged with 0xFA, but there are no keys and no interrupt. There is
 * no second (mouse) port: its commands are not answered, so a driver does not find one.
 *
 * <p>Commands: 0x20 and 0x60 read and write the control register; 0xAA and 0xAB test and report
 * success; 0xAD and 0xAE switch the keyboard off and on, 0xA7 and 0xA8 the mouse; 0xD0 and 0xD1
 * read and write the output port; 0xF0 to 0xFE with bit 0 clear pulse the reset line (Linux with
 * {@code reboot=k} uses 0xFE). Others are ignored. Source: Linux drivers/input/serio/i8042.c and
 * arch/x86/kernel/reboot.c for what a driver expects.
 */
public final class KeyboardController implements PortDevice {

  private static final int DATA = 0x60;
  private static final int COMMAND = 0x64;

  private static final int STATUS_OUTPUT_FULL = 0x01;
  private static final int STATUS_SYSTEM = 0x04;
  private static final int STATUS_COMMAND = 0x08;

  /** The lock on the case is open; Linux warns when it is not. */
  private static final int STATUS_UNLOCKED = 0x10;

  private static final int READ_CONTROL = 0x20;
  private static final int WRITE_CONTROL = 0x60;
  private static final int DISABLE_MOUSE = 0xA7;
  private static final int ENABLE_MOUSE = 0xA8;
  private static final int SELF_TEST = 0xAA;
  private static final int TEST_KEYBOARD = 0xAB;
  private static final int DISABLE_KEYBOARD = 0xAD;
  private static final int ENABLE_KEYBOARD = 0xAE;
  private static final int READ_OUTPUT_PORT = 0xD0;
  private static final int WRITE_OUTPUT_PORT = 0xD1;

  private static final int SELF_TEST_PASSED = 0x55;
  private static final int INTERFACE_OK = 0x00;
  private static final int ACKNOWLEDGE = 0xFA;

  private static final int CONTROL_KEYBOARD_DISABLED = 0x10;
  private static final int CONTROL_MOUSE_DISABLED = 0x20;

  /** Power-on self test passed, keyboard interrupt on. */
  private static final int POWER_ON_CONTROL = 0x05;

  /** A20 on, reset line idle. */
  private static final int POWER_ON_OUTPUT_PORT = 0x03;

  private final ResetPort resetPort;

  private int control = POWER_ON_CONTROL;
  private int outputPort = POWER_ON_OUTPUT_PORT;
  private int output;
  private boolean outputFull;
  private boolean lastWriteWasCommand;

  /** Command whose parameter is expected at the data port, 0 if none is. */
  private int awaitingParameter;

  /** Makes a controller in its power-on state whose reset line is that of {@code resetPort}. */
  public KeyboardController(ResetPort resetPort) {
    this.resetPort = Objects.requireNonNull(resetPort, "resetPort");
  }

  /** Attaches the device to its ports. */
  public void attachTo(PortBus bus) {
    bus.attach(DATA, DATA, this);
    bus.attach(COMMAND, COMMAND, this);
  }

  @Override
  public int in(int port, int size) {
    Checks.byteAccess(port, size);
    return switch (port) {
      case DATA -> readData();
      case COMMAND -> status();
      default -> throw Checks.unknownPort("keyboard controller", port);
    };
  }

  private int readData() {
    outputFull = false;
    return output;
  }

  private int status() {
    return STATUS_UNLOCKED
        | STATUS_SYSTEM
        | (lastWriteWasCommand ? STATUS_COMMAND : 0)
        | (outputFull ? STATUS_OUTPUT_FULL : 0);
  }

  @Override
  public void out(int port, int size, int value) {
    Checks.byteAccess(port, size);
    int data = value & 0xFF;
    switch (port) {
      case DATA -> {
        lastWriteWasCommand = false;
        writeData(data);
      }
      case COMMAND -> {
        lastWriteWasCommand = true;
        awaitingParameter = 0;
        writeCommand(data);
      }
      default -> throw Checks.unknownPort("keyboard controller", port);
    }
  }

  private void writeCommand(int command) {
    switch (command) {
      case READ_CONTROL -> answer(control);
      case WRITE_CONTROL, WRITE_OUTPUT_PORT -> awaitingParameter = command;
      case DISABLE_MOUSE -> control |= CONTROL_MOUSE_DISABLED;
      case ENABLE_MOUSE -> control &= ~CONTROL_MOUSE_DISABLED;
      case SELF_TEST -> answer(SELF_TEST_PASSED);
      case TEST_KEYBOARD -> answer(INTERFACE_OK);
      case DISABLE_KEYBOARD -> control |= CONTROL_KEYBOARD_DISABLED;
      case ENABLE_KEYBOARD -> control &= ~CONTROL_KEYBOARD_DISABLED;
      case READ_OUTPUT_PORT -> answer(outputPort);
      default -> {
        if (isResetPulse(command)) {
          resetPort.request();
        }
      }
    }
  }

  private static boolean isResetPulse(int command) {
    return (command & 0xF1) == 0xF0;
  }

  private void writeData(int data) {
    int command = awaitingParameter;
    awaitingParameter = 0;
    switch (command) {
      case WRITE_CONTROL -> control = data;
      case WRITE_OUTPUT_PORT -> {
        outputPort = data;
        if ((data & 0x01) == 0) {
          resetPort.request();
        }
      }
      default -> answer(ACKNOWLEDGE);
    }
  }

  private void answer(int value) {
    output = value;
    outputFull = true;
  }

  static boolean takesParameter(int command) {
    return command == WRITE_CONTROL || command == WRITE_OUTPUT_PORT;
  }

  /** The complete state. */
  public KeyboardControllerState save() {
    return new KeyboardControllerState(
        control, outputPort, output, outputFull, lastWriteWasCommand, awaitingParameter);
  }

  /** Replaces the complete state. */
  public void restore(KeyboardControllerState state) {
    control = state.control();
    outputPort = state.outputPort();
    output = state.output();
    outputFull = state.outputFull();
    lastWriteWasCommand = state.lastWriteWasCommand();
    awaitingParameter = state.awaitingParameter();
  }
}
