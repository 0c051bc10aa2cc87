package io.understudy.machine.devices;

/**
 * Saved state of a {@link KeyboardController}.
 *
 * @param control control register (CTR), 8 bits
 * @param outputPort output port, 8 bits
 * @param output byte last put into the output buffer, 8 bits
 * @param outputFull whether that byte has not been fetched yet
 * @param lastWriteWasCommand status bit 3
 * @param awaitingParameter command whose parameter is expected: 0x60, 0xD1, or 0 for none
 */
public record KeyboardControllerState(
    int control,
    int outputPort,
    int output,
    boolean outputFull,
    boolean lastWriteWasCommand,
    int awaitingParameter) {

  /** Refuses values the device cannot hold. */
  public KeyboardControllerState {
    Checks.register("control", control);
    Checks.register("outputPort", outputPort);
    Checks.register("output", output);
    if (awaitingParameter != 0 && !KeyboardController.takesParameter(awaitingParameter)) {
      throw new IllegalArgumentException(
          "the command takes no parameter: awaitingParameter=" + Checks.hex(awaitingParameter));
    }
  }
}
