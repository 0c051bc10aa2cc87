package io.understudy.machine.virtio;

import io.understudy.machine.devices.Checks;
import java.util.Arrays;
import java.util.Objects;

/**
 * Saved state of a {@link VirtioConsole}. Equal by content, the array included; it is copied in and
 * out.
 *
 * @param backlog bytes from outside that wait for the guest, oldest first; at most 65536
 * @param receivedBytes bytes accepted from outside since power-on
 * @param transmittedBytes bytes sent to the outside since power-on
 * @param transmitDigest FNV-1a 64 of all bytes sent to the outside
 */
public record VirtioConsoleState(
    byte[] backlog, long receivedBytes, long transmittedBytes, long transmitDigest) {

  /** Refuses values the device cannot hold. */
  public VirtioConsoleState {
    backlog = Objects.requireNonNull(backlog, "backlog").clone();
    Checks.inRange("backlog.length", backlog.length, 0, VirtioConsole.BACKLOG_BYTES);
    Checks.notNegative("receivedBytes", receivedBytes);
    Checks.notNegative("transmittedBytes", transmittedBytes);
  }

  @Override
  public byte[] backlog() {
    return backlog.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof VirtioConsoleState that
        && Arrays.equals(backlog, that.backlog)
        && receivedBytes == that.receivedBytes
        && transmittedBytes == that.transmittedBytes
        && transmitDigest == that.transmitDigest;
  }

  @Override
  public int hashCode() {
    // A subset is enough: two states that agree in these counters are almost always equal.
    return Objects.hash(receivedBytes, transmittedBytes, transmitDigest);
  }

  @Override
  public String toString() {
    return "VirtioConsoleState[backlog.length="
        + backlog.length
        + ", receivedBytes="
        + receivedBytes
        + ", transmittedBytes="
        + transmittedBytes
        + ", transmitDigest="
        + Long.toHexString(transmitDigest)
        + "]";
  }
}
