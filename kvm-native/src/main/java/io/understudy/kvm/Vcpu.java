package io.understudy.kvm;

import java.nio.ByteBuffer;
import java.util.OptionalLong;

/**
 * One virtual processor. Owned by the thread that called {@link #bindToCurrentThread()} last: that
 * thread runs it, reads and changes it. Only {@link #kick()} may come from any thread. Closing
 * twice is harmless.
 *
 * <p>Register views are refreshed by every {@link #run()} and {@link #complete()} without an extra
 * system call (KVM_CAP_SYNC_REGS). A port, memory or MSR access is finished, and RIP and the
 * registers defined, only when the vCPU has been entered again; {@link #complete()} does just that
 * and runs no further instruction (Documentation/virt/kvm/api.rst, section 5).
 *
 * <p>Failing system calls end in {@link KvmException}, calls in the wrong order or from the wrong
 * thread in {@link IllegalStateException}.
 */
public final class Vcpu implements AutoCloseable {
  private static final int CLOSED = -1;

  private static final int INTERRUPT_VECTOR_MAX = 255;

  /** Scratch memory: arguments first, then what belongs to the kick signal. */
  private static final int ARGUMENT_BYTES = 2 * Layout.PAGE_SIZE;

  private static final int KICK_SET = ARGUMENT_BYTES;
  private static final int PREVIOUS_SET = KICK_SET + LibC.SIGSET_BYTES;
  private static final int NO_WAIT = PREVIOUS_SET + LibC.SIGSET_BYTES;
  private static final int SIGNAL_MASK = NO_WAIT + 2 * Long.BYTES;
  private static final int SCRATCH_BYTES = SIGNAL_MASK + Layout.SignalMask.SIZE;

  private final Kvm kvm;
  private final RunArea area;
  private final NativeBuffer scratch;
  private final EmulationCounter emulationCounter;
  private final ExitDecoder decoder;
  private final Registers registers;
  private final SpecialRegisters specialRegisters;
  private final KickTarget kicks = new KickTarget();

  private int fd;
  private Thread owner;
  private SavedMsrs savedMsrs;
  private VcpuExit followUpExit;
  private boolean hasRun;

  /** The last exit was an access that only the next entry finishes. */
  private boolean isAccessIncomplete;

  /** Kernel state was changed behind the synchronised registers. */
  private boolean isViewStale;

  /** Read by a thread that closes; guards against unmapping memory the kernel is using. */
  private volatile boolean isRunning;

  private Vcpu(Kvm kvm, int fd, RunArea area, NativeBuffer scratch) {
    this.kvm = kvm;
    this.fd = fd;
    this.area = area;
    this.scratch = scratch;
    emulationCounter = EmulationCounter.open(fd, scratch);
    decoder = new ExitDecoder(area);
    registers = new Registers(area);
    specialRegisters = new SpecialRegisters(area);
  }

  static Vcpu create(Kvm kvm, int vmFd, int id) {
    int areaBytes = kvm.runAreaBytes();
    int fd = Ioctl.KVM_CREATE_VCPU.call(vmFd, id);
    RunArea area = null;
    NativeBuffer scratch = null;
    Vcpu vcpu = null;
    try {
      area = new RunArea(fd, areaBytes);
      scratch = NativeBuffer.allocate(SCRATCH_BYTES);
      vcpu = new Vcpu(kvm, fd, area, scratch);
      int groups = Layout.Run.GROUP_REGS | Layout.Run.GROUP_SREGS | Layout.Run.GROUP_EVENTS;
      area.bytes().putLong(Layout.Run.VALID_REGS, groups);
      vcpu.refreshRegisters();
      return vcpu;
    } catch (RuntimeException e) {
      if (vcpu != null) {
        vcpu.close();
      } else {
        if (scratch != null) {
          scratch.close();
        }
        if (area != null) {
          area.close();
        }
        LibC.close(fd);
      }
      throw e;
    }
  }

  /**
   * Makes the calling thread the owner. The kick signal (SIGURG) is blocked in this thread for good
   * and open only while the guest runs, so that a kick needs no signal handler and none is lost.
   * The previous owner must not touch the vCPU any more.
   */
  public void bindToCurrentThread() {
    int open = openFd();
    ByteBuffer b = scratch.bytes();
    long kickBit = 1L << (KickTarget.SIGNAL - 1);
    b.putLong(KICK_SET, kickBit);
    int error =
        LibC.pthread_sigmask(
            LibC.SIG_BLOCK, scratch.address() + KICK_SET, scratch.address() + PREVIOUS_SET);
    if (error != 0) {
      throw new KvmException("pthread_sigmask", error, "");
    }
    b.putInt(SIGNAL_MASK + Layout.SignalMask.LEN, Long.BYTES);
    b.putLong(SIGNAL_MASK + Layout.SignalMask.SIGSET, b.getLong(PREVIOUS_SET) & ~kickBit);
    Ioctl.KVM_SET_SIGNAL_MASK.call(open, scratch.address() + SIGNAL_MASK);
    owner = Thread.currentThread();
    kicks.bind((int) LibC.syscall(LibC.SYS_GETTID, 0, 0, 0, 0, 0));
  }

  /** Sets what CPUID answers. Before the first {@link #run()}; newer kernels refuse it later. */
  public void setCpuid(CpuidTable table) {
    table.set(openFd());
    isViewStale = true;
  }

  /** What CPUID really answers, which some hosts extend. */
  public CpuidTable effectiveCpuid() {
    return CpuidTable.get(Ioctl.KVM_GET_CPUID2, openFd());
  }

  /**
   * Runs the guest until something needs the VMM. A kick, also one sent before this call, ends it
   * with {@link VcpuExit.Interrupted}; several kicks may be merged into one, and {@code
   * Interrupted} may come without any kick.
   */
  public VcpuExit run() {
    checkOwner();
    if (followUpExit != null) {
      VcpuExit held = followUpExit;
      followUpExit = null;
      return held;
    }
    decoder.checkAnswered();
    int result = enter();
    if (result >= 0) {
      VcpuExit exit = decoder.decode();
      isAccessIncomplete = isAccess();
      return exit;
    }
    if (result != -Errno.EINTR) {
      throw failedRun(result);
    }
    isAccessIncomplete = false;
    // The signal is still pending: it was open inside KVM_RUN only. None pending means another
    // signal.
    takeKick();
    return decoder.interrupted();
  }

  /**
   * Takes back a kick that has come since {@link #run()} returned, or that it has not reported.
   *
   * @return whether there was one
   */
  public boolean takeKick() {
    checkOwner();
    int signal = LibC.sigtimedwait(scratch.address() + KICK_SET, 0, scratch.address() + NO_WAIT);
    return signal == KickTarget.SIGNAL;
  }

  /**
   * Finishes the access of the last exit without running another instruction, and refreshes the
   * register views. Harmless when there is none. A kick that arrives meanwhile is kept for {@link
   * #run()}.
   *
   * <p>An instruction can need further accesses (a memory access over two pages, an element of REP
   * OUTS on some hosts). The next one is then held back and returned by {@link #run()}; until all
   * are done {@link #isAccessIncomplete()} stays true.
   */
  public void complete() {
    checkOwner();
    if (followUpExit != null) {
      throw new IllegalStateException(
          "the access held back must be taken with run() first: " + followUpExit);
    }
    decoder.checkAnswered();
    ByteBuffer b = area.bytes();
    b.put(Layout.Run.IMMEDIATE_EXIT, (byte) 1);
    int result;
    try {
      result = enter();
    } finally {
      b.put(Layout.Run.IMMEDIATE_EXIT, (byte) 0);
    }
    if (result == -Errno.EINTR) {
      isAccessIncomplete = false;
    } else if (result >= 0) {
      followUpExit = decoder.decode();
      isAccessIncomplete = isAccess();
    } else {
      throw failedRun(result);
    }
  }

  /**
   * Finishes whatever access the last exit was, with accidental answers: for a caller that {@link
   * #restore restores} another state next.
   */
  public void abandonAccess() {
    checkOwner();
    while (isAccessIncomplete) {
      followUpExit = null;
      decoder.abandon();
      complete();
    }
    followUpExit = null;
    decoder.abandon();
  }

  private int enter() {
    clearInterruptBitmap();
    isRunning = true;
    int result = Ioctl.KVM_RUN.attempt(fd, 0);
    isRunning = false;
    hasRun = true;
    isViewStale = false;
    return result;
  }

  /**
   * KVM sets the bit of a queued interrupt in the synchronised copy of kvm_sregs and never clears
   * one there: a kick between the queueing and the delivery of an interrupt would leave its bit for
   * good. (Linux arch/x86/kvm/x86.c, __get_sregs: only KVM_GET_SREGS starts from a zeroed buffer.)
   */
  private void clearInterruptBitmap() {
    int bitmap = Layout.Run.SYNC_SREGS + Layout.Sregs.INTERRUPT_BITMAP;
    for (int at = 0; at < Layout.Sregs.INTERRUPT_BITMAP_SIZE; at += Long.BYTES) {
      area.bytes().putLong(bitmap + at, 0);
    }
  }

  /**
   * Whether the owner is inside the kernel, from any thread; already out of date when it returns.
   */
  boolean isRunning() {
    return isRunning;
  }

  private KvmException failedRun(int result) {
    return new KvmException(
        Ioctl.KVM_RUN.name(),
        -result,
        "exitReason="
            + area.bytes().getInt(Layout.Run.EXIT_REASON)
            + " rip=0x"
            + Long.toHexString(registers.rip()));
  }

  private boolean isAccess() {
    int reason = area.bytes().getInt(Layout.Run.EXIT_REASON);
    return reason == Layout.Exit.IO
        || reason == Layout.Exit.MMIO
        || reason == Layout.Exit.X86_RDMSR
        || reason == Layout.Exit.X86_WRMSR;
  }

  /**
   * Whether the last exit was an access that is not finished yet; {@link #complete()} changes that.
   */
  public boolean isAccessIncomplete() {
    return isAccessIncomplete;
  }

  /**
   * Makes a running {@link #run()} return, or the next one if none is running. From any thread; no
   * effect on a closed vCPU.
   */
  public void kick() {
    kicks.kick();
  }

  /**
   * Whether KVM would take {@link #interrupt} now, as of the last {@link #run()} or {@link
   * #complete()}.
   */
  public boolean readyForInterrupt() {
    return area.bytes().get(Layout.Run.READY_FOR_INTERRUPT_INJECTION) != 0;
  }

  /**
   * Whether an exception, interrupt or NMI is being delivered, as of the last {@link #run()} or
   * {@link #complete()}.
   */
  public boolean isEventQueued() {
    ByteBuffer b = area.bytes();
    int events = Layout.Run.SYNC_EVENTS;
    return (b.get(events + Layout.Events.EXCEPTION_INJECTED)
            | b.get(events + Layout.Events.EXCEPTION_PENDING)
            | b.get(events + Layout.Events.INTERRUPT_INJECTED)
            | b.get(events + Layout.Events.NMI_INJECTED))
        != 0;
  }

  /** RFLAGS.IF as of the last {@link #run()} or {@link #complete()}. */
  public boolean interruptFlag() {
    return area.bytes().get(Layout.Run.IF_FLAG) != 0;
  }

  /**
   * Asks for {@link VcpuExit.InterruptWindowOpen} once an interrupt could be taken. Stays until
   * changed.
   */
  public void requestInterruptWindow(boolean wanted) {
    area.bytes().put(Layout.Run.REQUEST_INTERRUPT_WINDOW, (byte) (wanted ? 1 : 0));
  }

  /**
   * Queues an external interrupt for the next entry. Some hosts deliver it even with interrupts
   * disabled, so ask {@link #readyForInterrupt()} first.
   *
   * @param vector 0..255, an index into the guest's interrupt descriptor table
   */
  public void interrupt(int vector) {
    checkOwner();
    if (vector < 0 || vector > INTERRUPT_VECTOR_MAX) {
      throw new IllegalArgumentException("interrupt vector out of bounds: vector=" + vector);
    }
    scratch.bytes().putInt(0, vector);
    Ioctl.KVM_INTERRUPT.call(fd, scratch.address());
    isViewStale = true;
  }

  /**
   * Answers the {@link VcpuExit.PortIn} just returned, which must have count 1. Upper bits are cut
   * off.
   */
  public void answerPortIn(int value) {
    decoder.answerPortIn(value);
  }

  /** Answers the {@link VcpuExit.PortIn} just returned with exactly {@code size * count} bytes. */
  public void answerPortIn(byte[] data) {
    decoder.answerPortIn(data);
  }

  /** Answers the {@link VcpuExit.MmioRead} just returned; bytes above its length are ignored. */
  public void answerMmioRead(long value) {
    decoder.answerMmioRead(value);
  }

  /** Answers the {@link VcpuExit.RdMsr} just returned. */
  public void answerMsrRead(long value) {
    decoder.answerMsrRead(value);
  }

  /**
   * Refuses the {@link VcpuExit.RdMsr} or {@link VcpuExit.WrMsr} just returned: the guest gets #GP.
   */
  public void failMsrAccess() {
    decoder.failMsrAccess();
  }

  /** The same live view at every call. */
  public Registers registers() {
    return registers;
  }

  /** The same live view at every call. */
  public SpecialRegisters specialRegisters() {
    return specialRegisters;
  }

  /**
   * Replaces all general registers from the next entry on; the view shows them at once. With an
   * access incomplete the kernel finishes it after taking these values over, so call {@link
   * #complete()} first.
   */
  public void setRegisters(RegisterValues values) {
    for (int i = 0; i < Registers.COUNT; i++) {
      putRegister(i, values.get(i));
    }
    registersChanged();
  }

  /**
   * Replaces one general register, like {@link #setRegisters}.
   *
   * @param index one of the constants of {@link Registers}
   */
  public void setRegister(int index, long value) {
    if (index < 0 || index >= Registers.COUNT) {
      throw new IndexOutOfBoundsException("register index out of bounds: index=" + index);
    }
    putRegister(index, value);
    registersChanged();
  }

  private void putRegister(int index, long value) {
    area.bytes().putLong(Layout.Run.SYNC_REGS + index * Long.BYTES, value);
  }

  private void registersChanged() {
    if (hasRun) {
      area.markDirty(Layout.Run.GROUP_REGS);
    } else {
      Ioctl.KVM_SET_REGS.call(openFd(), area.addressOf(Layout.Run.SYNC_REGS));
    }
  }

  /**
   * Replaces the special registers now.
   *
   * @throws KvmException when KVM refuses the combination
   */
  public void setSpecialRegisters(SpecialRegisterValues values) {
    int open = openFd();
    ByteBuffer b = area.bytes();
    b.put(Layout.Run.SYNC_SREGS, values.image());
    Ioctl.KVM_SET_SREGS.call(open, area.addressOf(Layout.Run.SYNC_SREGS));
    // Without an in-kernel APIC both are inputs of KVM_RUN too, and the stale values would win.
    b.putLong(Layout.Run.CR8, values.cr8());
    b.putLong(Layout.Run.APIC_BASE, values.apicBase());
  }

  /**
   * Reads all registers from the kernel into the views; needed only when something else changed
   * them.
   */
  public void refreshRegisters() {
    int open = openFd();
    flushDirtyRegisters();
    Ioctl.KVM_GET_REGS.call(open, area.addressOf(Layout.Run.SYNC_REGS));
    Ioctl.KVM_GET_SREGS.call(open, area.addressOf(Layout.Run.SYNC_SREGS));
    Ioctl.KVM_GET_VCPU_EVENTS.call(open, area.addressOf(Layout.Run.SYNC_EVENTS));
    isViewStale = false;
  }

  private void flushDirtyRegisters() {
    if ((area.dirtyGroups() & Layout.Run.GROUP_REGS) != 0) {
      Ioctl.KVM_SET_REGS.call(fd, area.addressOf(Layout.Run.SYNC_REGS));
      area.clearDirty(Layout.Run.GROUP_REGS);
    }
  }

  /**
   * The complete state. Equal states give equal bytes: the FPU image is brought into one canonical
   * form, because the processor may or may not mark a component in its initial state as present.
   *
   * @throws IllegalStateException when an access is incomplete, or the guest switched on extended
   *     states (XCR0) that are not part of {@link VcpuState}
   */
  public VcpuState save() {
    checkOwner();
    if (isAccessIncomplete) {
      throw new IllegalStateException(
          "an access of the guest is incomplete: call complete() before save()");
    }
    flushDirtyRegisters();
    if (isViewStale) {
      refreshRegisters();
    }
    return StateTransfer.save(fd, area, scratch, savedMsrs());
  }

  /**
   * Replaces the complete state. The CPUID table must be set before and be the same.
   *
   * @throws KvmException when the kernel refuses a part; the vCPU is of no use then
   */
  public void restore(VcpuState state) {
    StateTransfer.restore(openFd(), area, scratch, state);
    followUpExit = null;
    isAccessIncomplete = false;
    refreshRegisters();
  }

  private SavedMsrs savedMsrs() {
    if (savedMsrs == null) {
      savedMsrs = SavedMsrs.offeredBy(kvm.msrIndexList(), fd, scratch);
    }
    return savedMsrs;
  }

  /**
   * Arms stepping or breakpoints until the next call. Switch stepping off for the entry that
   * injects an interrupt: the trap flag would end up on the guest's stack.
   */
  public void setGuestDebug(GuestDebug debug) {
    int open = openFd();
    scratch.clear(0, Layout.GuestDebugFields.SIZE);
    ByteBuffer b = scratch.bytes();
    int control = 0;
    if (debug.isSingleStep()) {
      control |= Layout.GuestDebugFields.ENABLE | Layout.GuestDebugFields.SINGLESTEP;
    }
    long dr7 = Layout.GuestDebugFields.DR7_FIXED;
    for (int i = 0; i < debug.breakpoints().size(); i++) {
      control |= Layout.GuestDebugFields.ENABLE | Layout.GuestDebugFields.USE_HW_BP;
      b.putLong(Layout.GuestDebugFields.DEBUGREG + i * Long.BYTES, debug.breakpoints().get(i));
      dr7 |= 2L << (2 * i);
    }
    b.putInt(Layout.GuestDebugFields.CONTROL, control);
    b.putLong(Layout.GuestDebugFields.DEBUGREG + 7 * Long.BYTES, dr7);
    flushDirtyRegisters();
    Ioctl.KVM_SET_GUEST_DEBUG.call(open, scratch.address());
    isViewStale = true;
  }

  /**
   * How many guest instructions the kernel's emulator executed so far. On hosts that emulate all
   * kernel code this is an exact and repeatable clock for it; on others it counts rare cases. Empty
   * if the host has no such statistic.
   */
  public OptionalLong emulatedInstructions() {
    openFd();
    return emulationCounter.read(scratch);
  }

  private void checkOwner() {
    if (Thread.currentThread() != owner) {
      openFd();
      throw new IllegalStateException(
          "vCPU used outside of its thread: owner="
              + (owner == null ? "none, call bindToCurrentThread()" : owner.getName())
              + " caller="
              + Thread.currentThread().getName());
    }
    openFd();
  }

  private int openFd() {
    if (fd == CLOSED) {
      throw new IllegalStateException("vCPU is closed");
    }
    return fd;
  }

  /**
   * From the owner, or from any thread once the owner has left {@link #run()} for good.
   *
   * @throws IllegalStateException when the vCPU is running; kick it and wait for its thread first
   */
  @Override
  public void close() {
    if (isRunning) {
      throw new IllegalStateException(
          "vCPU is running: kick it and wait for its thread, then close");
    }
    if (fd == CLOSED) {
      return;
    }
    kicks.close();
    emulationCounter.close();
    area.close();
    scratch.close();
    LibC.close(fd);
    fd = CLOSED;
  }
}
