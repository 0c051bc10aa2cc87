package io.understudy.machine.devices;

/** Argument checks whose messages carry the name, the limits and the value that was refused. */
public final class Checks {

  private Checks() {}

  /** Returns {@code value} if it lies in [minimum, maximum]. */
  public static int inRange(String name, int value, int minimum, int maximum) {
    if (value < minimum || value > maximum) {
      throw new IllegalArgumentException(
          name + " must be in [" + minimum + ", " + maximum + "]: " + name + "=" + value);
    }
    return value;
  }

  /** Returns {@code value} if it lies in [0, 255]. */
  public static int register(String name, int value) {
    return inRange(name, value, 0, 0xFF);
  }

  /** Returns {@code value} if it has no bit outside {@code mask}. */
  public static int bits(String name, int value, int mask) {
    if ((value & ~mask) != 0) {
      throw new IllegalArgumentException(
          name + " must have no bit outside " + hex(mask) + ": " + name + "=" + hex(value));
    }
    return value;
  }

  /** Returns {@code value} if it is 0 or more. */
  public static long notNegative(String name, long value) {
    if (value < 0) {
      throw new IllegalArgumentException(name + " must not be negative: " + name + "=" + value);
    }
    return value;
  }

  /**
   * Refuses anything but a byte access; the bus has split wider ones before an 8-bit device sees
   * them.
   */
  public static void byteAccess(int port, int size) {
    if (size != 1) {
      throw new IllegalArgumentException(
          "an 8-bit device takes byte accesses only: port=" + hex(port) + " size=" + size);
    }
  }

  /** The exception for a port that the device does not have. */
  public static IllegalArgumentException unknownPort(String device, int port) {
    return new IllegalArgumentException(device + " has no such port: port=" + hex(port));
  }

  /** {@code value} in hexadecimal, unsigned, with its prefix. */
  public static String hex(int value) {
    return "0x" + Integer.toHexString(value);
  }
}
