package io.understudy.kvm;

import java.util.Arrays;

/**
 * Why {@link Vcpu#run()} came back; the {@code KVM_EXIT_*} reasons of linux/kvm.h that this VMM can
 * meet, and {@link Unknown} for the rest. Immutable. Dispatch with {@link #accept}: {@link Handler}
 * has no default methods, so a new kind of exit does not compile until everybody has decided about
 * it.
 *
 * <p>Where RIP stands at a port or memory exit differs between hosts and directions; it is defined
 * only after {@link Vcpu#complete()}.
 */
public sealed interface VcpuExit {
  /** Calls the method for this kind of exit. */
  <R> R accept(Handler<R> handler);

  /** One method for each kind of exit. */
  interface Handler<R> {
    R portIn(PortIn exit);

    R portOut(PortOut exit);

    R mmioRead(MmioRead exit);

    R mmioWrite(MmioWrite exit);

    R halt(Halt exit);

    R interruptWindowOpen(InterruptWindowOpen exit);

    R interrupted(Interrupted exit);

    R shutdown(Shutdown exit);

    R debug(Debug exit);

    R rdMsr(RdMsr exit);

    R wrMsr(WrMsr exit);

    R internalError(InternalError exit);

    R failEntry(FailEntry exit);

    R systemEvent(SystemEvent exit);

    R unknown(Unknown exit);
  }

  /**
   * The guest reads a port and waits for {@link Vcpu#answerPortIn}.
   *
   * @param port 0..65535
   * @param size bytes of one element: 1, 2 or 4
   * @param count elements; above 1 only for REP INS
   */
  record PortIn(int port, int size, int count) implements VcpuExit {
    @Override
    public <R> R accept(Handler<R> handler) {
      return handler.portIn(this);
    }
  }

  /**
   * The guest wrote to a port.
   *
   * @param port 0..65535
   * @param size bytes of one element: 1, 2 or 4
   * @param count elements; above 1 only for REP OUTS, and only on some hosts
   * @param data {@code size * count} bytes in guest order (little-endian); belongs to the receiver
   */
  @SuppressWarnings("ArrayRecordComponent") // Equality is by content, below.
  record PortOut(int port, int size, int count, byte[] data) implements VcpuExit {
    /** The first element as an unsigned value. */
    public long value() {
      long value = 0;
      for (int i = size - 1; i >= 0; i--) {
        value = (value << Byte.SIZE) | (data[i] & 0xFF);
      }
      return value;
    }

    @Override
    public <R> R accept(Handler<R> handler) {
      return handler.portOut(this);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof PortOut that
          && port == that.port
          && size == that.size
          && count == that.count
          && Arrays.equals(data, that.data);
    }

    @Override
    public int hashCode() {
      return 31 * (31 * port + size) + Arrays.hashCode(data);
    }

    @Override
    public String toString() {
      return "PortOut[port=0x"
          + Integer.toHexString(port)
          + ", size="
          + size
          + ", count="
          + count
          + ", data="
          + Arrays.toString(data)
          + "]";
    }
  }

  /**
   * The guest reads memory nobody backs and waits for {@link Vcpu#answerMmioRead}.
   *
   * @param address guest-physical
   * @param length bytes, 1..8
   */
  record MmioRead(long address, int length) implements VcpuExit {
    @Override
    public <R> R accept(Handler<R> handler) {
      return handler.mmioRead(this);
    }
  }

  /**
   * The guest wrote to memory nobody backs.
   *
   * @param address guest-physical
   * @param length bytes, 1..8
   * @param value the bytes as a little-endian value, zero-extended
   */
  record MmioWrite(long address, int length, long value) implements VcpuExit {
    @Override
    public <R> R accept(Handler<R> handler) {
      return handler.mmioWrite(this);
    }
  }

  /** The guest executed HLT; RIP is past it. Running again continues there, interrupt or not. */
  record Halt() implements VcpuExit {
    @Override
    public <R> R accept(Handler<R> handler) {
      return handler.halt(this);
    }
  }

  /** An interrupt asked for by {@link Vcpu#requestInterruptWindow} can be taken now. */
  record InterruptWindowOpen() implements VcpuExit {
    @Override
    public <R> R accept(Handler<R> handler) {
      return handler.interruptWindowOpen(this);
    }
  }

  /** {@link Vcpu#kick()}, or any other signal. Where the guest stands is accidental. */
  record Interrupted() implements VcpuExit {
    @Override
    public <R> R accept(Handler<R> handler) {
      return handler.interrupted(this);
    }
  }

  /** Triple fault. */
  record Shutdown() implements VcpuExit {
    @Override
    public <R> R accept(Handler<R> handler) {
      return handler.shutdown(this);
    }
  }

  /**
   * A step or breakpoint of {@link Vcpu#setGuestDebug}.
   *
   * @param pc linear address of the next instruction
   * @param exception vector, 1 for a debug exception
   * @param dr6 which condition: bit 14 a step, bits 0..3 the breakpoints
   */
  record Debug(long pc, int exception, long dr6) implements VcpuExit {
    @Override
    public <R> R accept(Handler<R> handler) {
      return handler.debug(this);
    }
  }

  /**
   * The guest reads a trapped model-specific register and waits for {@link Vcpu#answerMsrRead} or
   * {@link Vcpu#failMsrAccess}.
   *
   * @param reason {@code KVM_MSR_EXIT_REASON_*}: 1 invalid, 2 unknown, 4 filtered
   */
  record RdMsr(int index, int reason) implements VcpuExit {
    @Override
    public <R> R accept(Handler<R> handler) {
      return handler.rdMsr(this);
    }
  }

  /**
   * The guest wrote a trapped model-specific register; accepted unless {@link Vcpu#failMsrAccess}
   * is called.
   *
   * @param reason {@code KVM_MSR_EXIT_REASON_*}: 1 invalid, 2 unknown, 4 filtered
   */
  record WrMsr(int index, long value, int reason) implements VcpuExit {
    @Override
    public <R> R accept(Handler<R> handler) {
      return handler.wrMsr(this);
    }
  }

  /**
   * KVM cannot go on. With suberror 1 (emulation failure) RIP is at the instruction; the VMM may
   * emulate it, move RIP and run again.
   *
   * @param suberror {@code KVM_INTERNAL_ERROR_*}
   * @param data what the kernel adds, belongs to the receiver
   * @param instructionBytes up to 15 bytes from RIP on; empty if the kernel did not give them
   */
  // Equality is by content, below; the name is the kernel's (KVM_EXIT_INTERNAL_ERROR).
  @SuppressWarnings({"ArrayRecordComponent", "JavaLangClash"})
  record InternalError(int suberror, long[] data, byte[] instructionBytes) implements VcpuExit {
    /** {@code KVM_INTERNAL_ERROR_EMULATION}. */
    public static final int EMULATION = Layout.Exit.SUBERROR_EMULATION;

    @Override
    public <R> R accept(Handler<R> handler) {
      return handler.internalError(this);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof InternalError that
          && suberror == that.suberror
          && Arrays.equals(data, that.data)
          && Arrays.equals(instructionBytes, that.instructionBytes);
    }

    @Override
    public int hashCode() {
      return 31 * (31 * suberror + Arrays.hashCode(data)) + Arrays.hashCode(instructionBytes);
    }

    @Override
    public String toString() {
      StringBuilder bytes = new StringBuilder();
      for (byte b : instructionBytes) {
        bytes.append(String.format("%02x ", b));
      }
      return "InternalError[suberror="
          + suberror
          + ", data="
          + Arrays.toString(data)
          + ", instructionBytes="
          + bytes.toString().trim()
          + "]";
    }
  }

  /**
   * The hardware refused the guest state.
   *
   * @param reason of the hardware
   * @param cpu host processor
   */
  record FailEntry(long reason, int cpu) implements VcpuExit {
    @Override
    public <R> R accept(Handler<R> handler) {
      return handler.failEntry(this);
    }
  }

  /**
   * The guest asked for something through KVM itself.
   *
   * @param type {@code KVM_SYSTEM_EVENT_*}: 1 shutdown, 2 reset, 3 crash
   */
  record SystemEvent(int type) implements VcpuExit {
    @Override
    public <R> R accept(Handler<R> handler) {
      return handler.systemEvent(this);
    }
  }

  /**
   * A reason this VMM does not know.
   *
   * @param reason {@code kvm_run.exit_reason}
   */
  record Unknown(int reason) implements VcpuExit {
    @Override
    public <R> R accept(Handler<R> handler) {
      return handler.unknown(this);
    }
  }
}
