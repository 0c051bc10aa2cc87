package io.understudy.machine.devices;

import java.util.Arrays;
import java.util.Objects;

/**
 * Saved state of a {@link Uart}. Equal by content, arrays included; arrays are copied in and out.
 *
 * @param interruptEnable IER, 4 bits
 * @param fifoEnabled whether the FIFOs are on
 * @param triggerLevel received bytes that raise "data available": 1, 4, 8 or 14
 * @param lineControl LCR
 * @param modemControl MCR, 5 bits
 * @param scratch SCR
 * @param divisor DLL and DLM, 16 bits
 * @param overrun LSR bit 1
 * @param modemChanges MSR bits 0 to 3: modem lines that changed since the last read
 * @param transmitInterrupt whether "transmitter empty" waits to be reported
 * @param fifo bytes in the receiver, oldest first; at most 16, at most 1 with the FIFOs off
 * @param backlog bytes on the line behind them, at most 65536
 * @param receivedBytes bytes accepted from outside since power-on
 * @param transmittedBytes bytes sent to the outside since power-on
 * @param transmitDigest FNV-1a 64 of all bytes sent to the outside
 */
@SuppressWarnings("ArrayRecordComponent") // copied in and out, compared by content
public record UartState(
    int interruptEnable,
    boolean fifoEnabled,
    int triggerLevel,
    int lineControl,
    int modemControl,
    int scratch,
    int divisor,
    boolean overrun,
    int modemChanges,
    boolean transmitInterrupt,
    byte[] fifo,
    byte[] backlog,
    long receivedBytes,
    long transmittedBytes,
    long transmitDigest) {

  /** Refuses values the device cannot hold. */
  public UartState {
    Checks.bits("interruptEnable", interruptEnable, 0x0F);
    if (!Uart.isTriggerLevel(triggerLevel)) {
      throw new IllegalArgumentException(
          "triggerLevel must be 1, 4, 8 or 14: triggerLevel=" + triggerLevel);
    }
    Checks.register("lineControl", lineControl);
    Checks.bits("modemControl", modemControl, 0x1F);
    Checks.register("scratch", scratch);
    Checks.inRange("divisor", divisor, 0, 0xFFFF);
    Checks.bits("modemChanges", modemChanges, 0x0F);
    fifo = Objects.requireNonNull(fifo, "fifo").clone();
    Checks.inRange("fifo.length", fifo.length, 0, Uart.capacity(fifoEnabled));
    backlog = Objects.requireNonNull(backlog, "backlog").clone();
    Checks.inRange("backlog.length", backlog.length, 0, Uart.BACKLOG_BYTES);
    boolean isFifoFull = fifo.length == Uart.capacity(fifoEnabled);
    if (backlog.length > 0 && !isFifoFull && !Uart.isLoopback(modemControl)) {
      throw new IllegalArgumentException(
          "bytes cannot wait on the line while the receiver has room: backlog.length="
              + backlog.length
              + " fifo.length="
              + fifo.length);
    }
    Checks.notNegative("receivedBytes", receivedBytes);
    Checks.notNegative("transmittedBytes", transmittedBytes);
  }

  @Override
  public byte[] fifo() {
    return fifo.clone();
  }

  @Override
  public byte[] backlog() {
    return backlog.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof UartState that
        && interruptEnable == that.interruptEnable
        && fifoEnabled == that.fifoEnabled
        && triggerLevel == that.triggerLevel
        && lineControl == that.lineControl
        && modemControl == that.modemControl
        && scratch == that.scratch
        && divisor == that.divisor
        && overrun == that.overrun
        && modemChanges == that.modemChanges
        && transmitInterrupt == that.transmitInterrupt
        && Arrays.equals(fifo, that.fifo)
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
    return "UartState[interruptEnable="
        + Checks.hex(interruptEnable)
        + ", fifoEnabled="
        + fifoEnabled
        + ", triggerLevel="
        + triggerLevel
        + ", lineControl="
        + Checks.hex(lineControl)
        + ", modemControl="
        + Checks.hex(modemControl)
        + ", scratch="
        + Checks.hex(scratch)
        + ", divisor="
        + divisor
        + ", overrun="
        + overrun
        + ", modemChanges="
        + Checks.hex(modemChanges)
        + ", transmitInterrupt="
        + transmitInterrupt
        + ", fifo="
        + Arrays.toString(fifo)
        + ", backlog.length="
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
