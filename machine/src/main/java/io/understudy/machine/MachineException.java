package io.understudy.machine;

/** The machine was used or has behaved in a way that must not happen; fatal for its owner. */
public final class MachineException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  MachineException(String message) {
    super(message);
  }
}
