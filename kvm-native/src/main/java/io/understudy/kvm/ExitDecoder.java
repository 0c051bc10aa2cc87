package io.understudy.kvm;

import java.nio.ByteBuffer;

/**
 * Turns {@code kvm_run} into a {@link VcpuExit} after a successful KVM_RUN, and back: it knows
 * which answer the guest waits for and where it goes. Owned by the vCPU's thread.
 */
final class ExitDecoder {
  /** What an exit still needs before the vCPU may go on. */
  private enum Wanted {
    NOTHING,
    PORT_DATA,
    MMIO_DATA,
    MSR_DATA,
    MSR_VERDICT
  }

  private static final VcpuExit HALT = new VcpuExit.Halt();
  private static final VcpuExit INTERRUPT_WINDOW_OPEN = new VcpuExit.InterruptWindowOpen();
  private static final VcpuExit INTERRUPTED = new VcpuExit.Interrupted();
  private static final VcpuExit SHUTDOWN = new VcpuExit.Shutdown();

  private final RunArea area;
  private Wanted wanted = Wanted.NOTHING;

  ExitDecoder(RunArea area) {
    this.area = area;
  }

  /**
   * Refuses to go on with an answer missing: the guest would read what the last access left behind.
   */
  void checkAnswered() {
    if (wanted == Wanted.PORT_DATA || wanted == Wanted.MMIO_DATA || wanted == Wanted.MSR_DATA) {
      throw new IllegalStateException("the guest waits for an answer: wanted=" + wanted);
    }
    wanted = Wanted.NOTHING;
  }

  VcpuExit interrupted() {
    return INTERRUPTED;
  }

  VcpuExit decode() {
    ByteBuffer b = area.bytes();
    int reason = b.getInt(Layout.Run.EXIT_REASON);
    return switch (reason) {
      case Layout.Exit.IO -> decodePort(b);
      case Layout.Exit.MMIO -> decodeMmio(b);
      case Layout.Exit.HLT -> HALT;
      case Layout.Exit.IRQ_WINDOW_OPEN -> INTERRUPT_WINDOW_OPEN;
      case Layout.Exit.INTR -> INTERRUPTED;
      case Layout.Exit.SHUTDOWN -> SHUTDOWN;
      case Layout.Exit.DEBUG ->
          new VcpuExit.Debug(
              b.getLong(Layout.Run.DEBUG_PC),
              b.getInt(Layout.Run.DEBUG_EXCEPTION),
              b.getLong(Layout.Run.DEBUG_DR6));
      case Layout.Exit.X86_RDMSR -> decodeRdMsr(b);
      case Layout.Exit.X86_WRMSR -> decodeWrMsr(b);
      case Layout.Exit.INTERNAL_ERROR -> decodeInternalError(b);
      case Layout.Exit.FAIL_ENTRY ->
          new VcpuExit.FailEntry(
              b.getLong(Layout.Run.FAIL_ENTRY_REASON), b.getInt(Layout.Run.FAIL_ENTRY_CPU));
      case Layout.Exit.SYSTEM_EVENT ->
          new VcpuExit.SystemEvent(b.getInt(Layout.Run.SYSTEM_EVENT_TYPE));
      default -> new VcpuExit.Unknown(reason);
    };
  }

  /** Nobody cares for the answer any more. */
  void abandon() {
    wanted = Wanted.NOTHING;
  }

  private VcpuExit decodeRdMsr(ByteBuffer b) {
    wanted = Wanted.MSR_DATA;
    return new VcpuExit.RdMsr(b.getInt(Layout.Run.MSR_INDEX), b.getInt(Layout.Run.MSR_REASON));
  }

  private VcpuExit decodeWrMsr(ByteBuffer b) {
    wanted = Wanted.MSR_VERDICT;
    b.put(Layout.Run.MSR_ERROR, (byte) 0);
    return new VcpuExit.WrMsr(
        b.getInt(Layout.Run.MSR_INDEX),
        b.getLong(Layout.Run.MSR_DATA),
        b.getInt(Layout.Run.MSR_REASON));
  }

  private VcpuExit decodePort(ByteBuffer b) {
    int size = b.get(Layout.Run.IO_SIZE);
    int port = b.getShort(Layout.Run.IO_PORT) & 0xFFFF;
    int count = b.getInt(Layout.Run.IO_COUNT);
    if (b.get(Layout.Run.IO_DIRECTION) == Layout.Exit.IO_IN) {
      wanted = Wanted.PORT_DATA;
      return new VcpuExit.PortIn(port, size, count);
    }
    return new VcpuExit.PortOut(port, size, count, area.copy(portData(b), size * count));
  }

  private VcpuExit decodeMmio(ByteBuffer b) {
    long address = b.getLong(Layout.Run.MMIO_PHYS_ADDR);
    int length = b.getInt(Layout.Run.MMIO_LEN);
    if (b.get(Layout.Run.MMIO_IS_WRITE) == 0) {
      wanted = Wanted.MMIO_DATA;
      return new VcpuExit.MmioRead(address, length);
    }
    long value = b.getLong(Layout.Run.MMIO_DATA);
    return new VcpuExit.MmioWrite(address, length, value & maskOf(length));
  }

  private VcpuExit decodeInternalError(ByteBuffer b) {
    int suberror = b.getInt(Layout.Run.INTERNAL_SUBERROR);
    int count = Math.min(b.getInt(Layout.Run.INTERNAL_NDATA), Layout.Exit.INTERNAL_DATA_MAX);
    long[] data = new long[count];
    for (int i = 0; i < count; i++) {
      data[i] = b.getLong(Layout.Run.INTERNAL_DATA + i * Long.BYTES);
    }
    byte[] instruction = new byte[0];
    if (suberror == Layout.Exit.SUBERROR_EMULATION
        && count > 0
        && (data[0] & Layout.Exit.EMULATION_FLAG_INSTRUCTION_BYTES) != 0) {
      int size = b.get(Layout.Run.EMULATION_FAILURE_INSN_SIZE);
      instruction =
          area.copy(
              Layout.Run.EMULATION_FAILURE_INSN_BYTES,
              Math.min(size, Layout.Exit.INSTRUCTION_BYTES_MAX));
    }
    return new VcpuExit.InternalError(suberror, data, instruction);
  }

  void answerPortIn(int value) {
    ByteBuffer b = expect(Wanted.PORT_DATA, "port input");
    int count = b.getInt(Layout.Run.IO_COUNT);
    if (count != 1) {
      throw new IllegalStateException(
          "the guest waits for a block of port input, not for one value: count=" + count);
    }
    int at = portData(b);
    switch (b.get(Layout.Run.IO_SIZE)) {
      case Byte.BYTES -> b.put(at, (byte) value);
      case Short.BYTES -> b.putShort(at, (short) value);
      default -> b.putInt(at, value);
    }
    wanted = Wanted.NOTHING;
  }

  void answerPortIn(byte[] data) {
    ByteBuffer b = expect(Wanted.PORT_DATA, "port input");
    int length = b.get(Layout.Run.IO_SIZE) * b.getInt(Layout.Run.IO_COUNT);
    if (data.length != length) {
      throw new IllegalArgumentException(
          "wrong amount of port input: expected=" + length + " actual=" + data.length);
    }
    b.put(portData(b), data);
    wanted = Wanted.NOTHING;
  }

  void answerMmioRead(long value) {
    expect(Wanted.MMIO_DATA, "memory-mapped input").putLong(Layout.Run.MMIO_DATA, value);
    wanted = Wanted.NOTHING;
  }

  void answerMsrRead(long value) {
    ByteBuffer b = expect(Wanted.MSR_DATA, "an MSR value");
    b.putLong(Layout.Run.MSR_DATA, value);
    b.put(Layout.Run.MSR_ERROR, (byte) 0);
    wanted = Wanted.NOTHING;
  }

  void failMsrAccess() {
    if (wanted != Wanted.MSR_DATA && wanted != Wanted.MSR_VERDICT) {
      throw new IllegalStateException(
          "the guest does not wait for an MSR access: wanted=" + wanted);
    }
    area.bytes().put(Layout.Run.MSR_ERROR, (byte) 1);
    wanted = Wanted.NOTHING;
  }

  private ByteBuffer expect(Wanted expected, String what) {
    if (wanted != expected) {
      throw new IllegalStateException("the guest does not wait for " + what + ": wanted=" + wanted);
    }
    return area.bytes();
  }

  private static int portData(ByteBuffer b) {
    return Math.toIntExact(b.getLong(Layout.Run.IO_DATA_OFFSET));
  }

  private static long maskOf(int lengthBytes) {
    return lengthBytes >= Long.BYTES ? -1L : (1L << (lengthBytes * Byte.SIZE)) - 1;
  }
}
