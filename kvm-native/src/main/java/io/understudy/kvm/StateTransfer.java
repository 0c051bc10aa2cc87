package io.understudy.kvm;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.SortedMap;

/**
 * Reads and writes the parts of a {@link VcpuState}. Runs in the vCPU's thread with its scratch
 * memory.
 *
 * <p>Ordering requirements (the order Firecracker documents, less what this VMM does not have).
 * Saving: MP state first, because reading it may process pending events; registers, FPU, debug
 * registers, MSRs; events last. Restoring: CPUID before (by the caller), then MP state, registers,
 * special registers, FPU, debug registers, MSRs; events last, because setting registers drops a
 * pending exception.
 */
final class StateTransfer {
  private static final long CR4_PGE = 1L << 7;
  private static final long CR4_OSXSAVE = 1L << 18;
  private static final long XCR0_X87_ONLY = 1;
  private static final long XSTATE_X87_AND_SSE = 3;

  /**
   * Bytes of the legacy FPU image that are left to software; the kernel stores its own notes there.
   */
  private static final int SOFTWARE_BYTES_FROM = 464;

  private StateTransfer() {}

  /** The register groups are taken from the synchronised area, which must be current. */
  static VcpuState save(int fd, RunArea area, NativeBuffer scratch, SavedMsrs savedMsrs) {
    ByteBuffer b = scratch.bytes();
    Ioctl.KVM_GET_MP_STATE.call(fd, scratch.address());
    int mpState = b.getInt(0);
    byte[] registers = area.copy(Layout.Run.SYNC_REGS, Layout.Regs.SIZE);
    byte[] specialRegisters = area.copy(Layout.Run.SYNC_SREGS, Layout.Sregs.SIZE);
    checkExtendedStates(fd, area, scratch);
    Ioctl.KVM_GET_XSAVE.call(fd, scratch.address());
    byte[] fpu = new byte[Layout.Xsave.SIZE];
    b.get(0, fpu);
    canonicalize(fpu);
    Ioctl.KVM_GET_DEBUGREGS.call(fd, scratch.address());
    byte[] debugRegisters = new byte[Layout.DebugRegs.SIZE];
    b.get(0, debugRegisters);
    SortedMap<Integer, Long> msrs = savedMsrs.get(fd, scratch);
    byte[] events = area.copy(Layout.Run.SYNC_EVENTS, Layout.Events.SIZE);
    forgetDelivered(events);
    return new VcpuState(registers, specialRegisters, fpu, debugRegisters, msrs, events, mpState);
  }

  static void restore(int fd, RunArea area, NativeBuffer scratch, VcpuState state) {
    ByteBuffer b = scratch.bytes();
    b.putInt(0, state.mpState());
    Ioctl.KVM_SET_MP_STATE.call(fd, scratch.address());
    set(Ioctl.KVM_SET_REGS, fd, scratch, state.registers());
    byte[] specialRegisters = state.specialRegisters();
    ByteBuffer special = ByteBuffer.wrap(specialRegisters).order(ByteOrder.LITTLE_ENDIAN);
    // A vCPU that has run keeps translations of page tables that are now others. A change of
    // CR4.PGE makes KVM drop them (Linux arch/x86/kvm/x86.c, __set_sregs_common and
    // kvm_post_set_cr4).
    long cr4 = special.getLong(Layout.Sregs.CR4);
    special.putLong(Layout.Sregs.CR4, cr4 ^ CR4_PGE);
    set(Ioctl.KVM_SET_SREGS, fd, scratch, specialRegisters);
    special.putLong(Layout.Sregs.CR4, cr4);
    set(Ioctl.KVM_SET_SREGS, fd, scratch, specialRegisters);
    // Without an in-kernel APIC both are inputs of KVM_RUN too, and the stale values would win.
    area.bytes().putLong(Layout.Run.CR8, special.getLong(Layout.Sregs.CR8));
    area.bytes().putLong(Layout.Run.APIC_BASE, special.getLong(Layout.Sregs.APIC_BASE));
    area.clearDirty(Layout.Run.GROUP_REGS | Layout.Run.GROUP_SREGS | Layout.Run.GROUP_EVENTS);
    set(Ioctl.KVM_SET_XSAVE, fd, scratch, state.fpu());
    set(Ioctl.KVM_SET_DEBUGREGS, fd, scratch, state.debugRegisters());
    SavedMsrs.set(state.msrs(), fd, scratch);
    set(Ioctl.KVM_SET_VCPU_EVENTS, fd, scratch, state.events());
  }

  private static void set(Ioctl ioctl, int fd, NativeBuffer scratch, byte[] image) {
    scratch.bytes().put(0, image);
    ioctl.call(fd, scratch.address());
  }

  /**
   * XCR0 can be changed only while CR4.OSXSAVE is set, which a guest with {@code noxsave} never
   * does; the system call is spared in that case.
   */
  private static void checkExtendedStates(int fd, RunArea area, NativeBuffer scratch) {
    long cr4 = area.bytes().getLong(Layout.Run.SYNC_SREGS + Layout.Sregs.CR4);
    if ((cr4 & CR4_OSXSAVE) == 0) {
      return;
    }
    Ioctl.KVM_GET_XCRS.call(fd, scratch.address());
    ByteBuffer b = scratch.bytes();
    for (int i = 0; i < b.getInt(Layout.Xcrs.NR_XCRS); i++) {
      int entry = Layout.Xcrs.XCRS + i * Layout.Xcrs.ENTRY_SIZE;
      long value = b.getLong(entry + Layout.Xcrs.ENTRY_VALUE);
      if (b.getInt(entry + Layout.Xcrs.ENTRY_XCR) == 0 && value != XCR0_X87_ONLY) {
        throw new IllegalStateException(
            "the guest switched on extended processor states, which are not saved: xcr0=0x"
                + Long.toHexString(value)
                + " expected=0x1");
      }
    }
  }

  /**
   * The kernel fills the x87 and SSE part with initial values when the processor reports it as
   * unused, so marking it as present changes nothing but makes the image the same in both cases.
   */
  private static void canonicalize(byte[] xsave) {
    Arrays.fill(xsave, SOFTWARE_BYTES_FROM, Layout.Xsave.LEGACY_SIZE, (byte) 0);
    xsave[Layout.Xsave.XSTATE_BV] |= (byte) XSTATE_X87_AND_SSE;
  }

  /**
   * KVM keeps number and error code of the last exception that went through its hands, also when
   * nothing is left to deliver. Which ones do is the host's doing: an exception whose delivery
   * touches a page that the host has not mapped yet is one, and in another execution of the same
   * guest it may be mapped (Linux arch/x86/kvm/x86.c, kvm_vcpu_ioctl_x86_get_vcpu_events; svm.c,
   * svm_complete_interrupts).
   */
  private static void forgetDelivered(byte[] events) {
    boolean isException =
        (events[Layout.Events.EXCEPTION_INJECTED] | events[Layout.Events.EXCEPTION_PENDING]) != 0;
    if (!isException) {
      Arrays.fill(events, Layout.Events.EXCEPTION_NR, Layout.Events.EXCEPTION_PENDING, (byte) 0);
      Arrays.fill(
          events, Layout.Events.EXCEPTION_ERROR_CODE, Layout.Events.INTERRUPT_INJECTED, (byte) 0);
      Arrays.fill(events, Layout.Events.EXCEPTION_HAS_PAYLOAD, Layout.Events.SIZE, (byte) 0);
    }
    if (events[Layout.Events.INTERRUPT_INJECTED] == 0) {
      events[Layout.Events.INTERRUPT_NR] = 0;
    }
  }
}
