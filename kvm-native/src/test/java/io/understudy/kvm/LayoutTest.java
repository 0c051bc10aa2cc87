package io.understudy.kvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Numbers and layouts against what a C compiler printed for linux/kvm.h and asm/kvm.h on x86-64
 * (see {@code src/test/c/print-layout.c}), so that a slip in {@link Layout} or {@link Ioctl} fails
 * here and not as a corrupted guest.
 */
class LayoutTest {
  /** asm-generic/ioctl.h: direction as seen by the caller, in bits 31..30. */
  private static final int NONE = 0;

  private static final int WRITE = 1;
  private static final int READ = 2;
  private static final long KVM_TYPE = 0xAE;

  static Stream<Arguments> ioctls() {
    return Stream.of(
        arguments(Ioctl.KVM_GET_API_VERSION, NONE, 0x00, 0, 0x0000AE00L),
        arguments(Ioctl.KVM_CREATE_VM, NONE, 0x01, 0, 0x0000AE01L),
        arguments(Ioctl.KVM_GET_MSR_INDEX_LIST, READ | WRITE, 0x02, 4, 0xC004AE02L),
        arguments(Ioctl.KVM_CHECK_EXTENSION, NONE, 0x03, 0, 0x0000AE03L),
        arguments(Ioctl.KVM_GET_VCPU_MMAP_SIZE, NONE, 0x04, 0, 0x0000AE04L),
        arguments(
            Ioctl.KVM_GET_SUPPORTED_CPUID, READ | WRITE, 0x05, Layout.Cpuid.ENTRIES, 0xC008AE05L),
        arguments(Ioctl.KVM_CREATE_VCPU, NONE, 0x41, 0, 0x0000AE41L),
        arguments(Ioctl.KVM_GET_DIRTY_LOG, WRITE, 0x42, Layout.DirtyLog.SIZE, 0x4010AE42L),
        arguments(
            Ioctl.KVM_SET_USER_MEMORY_REGION, WRITE, 0x46, Layout.MemoryRegion.SIZE, 0x4020AE46L),
        arguments(Ioctl.KVM_SET_TSS_ADDR, NONE, 0x47, 0, 0x0000AE47L),
        arguments(Ioctl.KVM_SET_IDENTITY_MAP_ADDR, WRITE, 0x48, Long.BYTES, 0x4008AE48L),
        arguments(Ioctl.KVM_RUN, NONE, 0x80, 0, 0x0000AE80L),
        arguments(Ioctl.KVM_GET_REGS, READ, 0x81, Layout.Regs.SIZE, 0x8090AE81L),
        arguments(Ioctl.KVM_SET_REGS, WRITE, 0x82, Layout.Regs.SIZE, 0x4090AE82L),
        arguments(Ioctl.KVM_GET_SREGS, READ, 0x83, Layout.Sregs.SIZE, 0x8138AE83L),
        arguments(Ioctl.KVM_SET_SREGS, WRITE, 0x84, Layout.Sregs.SIZE, 0x4138AE84L),
        arguments(Ioctl.KVM_INTERRUPT, WRITE, 0x86, Integer.BYTES, 0x4004AE86L),
        arguments(Ioctl.KVM_GET_MSRS, READ | WRITE, 0x88, Layout.Msrs.ENTRIES, 0xC008AE88L),
        arguments(Ioctl.KVM_SET_MSRS, WRITE, 0x89, Layout.Msrs.ENTRIES, 0x4008AE89L),
        arguments(Ioctl.KVM_SET_SIGNAL_MASK, WRITE, 0x8B, Layout.SignalMask.SIGSET, 0x4004AE8BL),
        arguments(Ioctl.KVM_SET_CPUID2, WRITE, 0x90, Layout.Cpuid.ENTRIES, 0x4008AE90L),
        arguments(Ioctl.KVM_GET_CPUID2, READ | WRITE, 0x91, Layout.Cpuid.ENTRIES, 0xC008AE91L),
        arguments(Ioctl.KVM_GET_MP_STATE, READ, 0x98, Integer.BYTES, 0x8004AE98L),
        arguments(Ioctl.KVM_SET_MP_STATE, WRITE, 0x99, Integer.BYTES, 0x4004AE99L),
        arguments(
            Ioctl.KVM_SET_GUEST_DEBUG, WRITE, 0x9B, Layout.GuestDebugFields.SIZE, 0x4048AE9BL),
        arguments(Ioctl.KVM_GET_VCPU_EVENTS, READ, 0x9F, Layout.Events.SIZE, 0x8040AE9FL),
        arguments(Ioctl.KVM_SET_VCPU_EVENTS, WRITE, 0xA0, Layout.Events.SIZE, 0x4040AEA0L),
        arguments(Ioctl.KVM_GET_DEBUGREGS, READ, 0xA1, Layout.DebugRegs.SIZE, 0x8080AEA1L),
        arguments(Ioctl.KVM_SET_DEBUGREGS, WRITE, 0xA2, Layout.DebugRegs.SIZE, 0x4080AEA2L),
        arguments(Ioctl.KVM_ENABLE_CAP, WRITE, 0xA3, Layout.EnableCap.SIZE, 0x4068AEA3L),
        arguments(Ioctl.KVM_GET_XSAVE, READ, 0xA4, Layout.Xsave.SIZE, 0x9000AEA4L),
        arguments(Ioctl.KVM_SET_XSAVE, WRITE, 0xA5, Layout.Xsave.SIZE, 0x5000AEA5L),
        arguments(Ioctl.KVM_GET_XCRS, READ, 0xA6, Layout.Xcrs.SIZE, 0x8188AEA6L),
        arguments(Ioctl.KVM_X86_SET_MSR_FILTER, WRITE, 0xC6, Layout.MsrFilter.SIZE, 0x4188AEC6L),
        arguments(Ioctl.KVM_GET_STATS_FD, NONE, 0xCE, 0, 0x0000AECEL));
  }

  @ParameterizedTest
  @MethodSource("ioctls")
  void encodesDirectionSizeTypeAndNumber(
      Ioctl ioctl, int direction, int number, int argumentBytes, long printed) {
    long encoded =
        ((long) direction << 30) | ((long) argumentBytes << 16) | (KVM_TYPE << 8) | number;

    assertThat(ioctl.request()).isEqualTo(printed).isEqualTo(encoded);
  }

  @Test
  void coversEveryIoctl() {
    assertThat(ioctls().map(a -> a.get()[0])).containsExactlyInAnyOrder((Object[]) Ioctl.values());
  }

  @Test
  void matchesKvmRun() {
    assertThat(
            new int[] {
              Layout.Run.REQUEST_INTERRUPT_WINDOW,
              Layout.Run.IMMEDIATE_EXIT,
              Layout.Run.EXIT_REASON,
              Layout.Run.READY_FOR_INTERRUPT_INJECTION,
              Layout.Run.IF_FLAG,
              Layout.Run.CR8,
              Layout.Run.APIC_BASE,
              Layout.Run.FAIL_ENTRY_REASON,
              Layout.Run.FAIL_ENTRY_CPU,
              Layout.Run.IO_DIRECTION,
              Layout.Run.IO_SIZE,
              Layout.Run.IO_PORT,
              Layout.Run.IO_COUNT,
              Layout.Run.IO_DATA_OFFSET,
              Layout.Run.DEBUG_EXCEPTION,
              Layout.Run.DEBUG_PC,
              Layout.Run.DEBUG_DR6,
              Layout.Run.MMIO_PHYS_ADDR,
              Layout.Run.MMIO_DATA,
              Layout.Run.MMIO_LEN,
              Layout.Run.MMIO_IS_WRITE,
              Layout.Run.INTERNAL_SUBERROR,
              Layout.Run.INTERNAL_NDATA,
              Layout.Run.INTERNAL_DATA,
              Layout.Run.EMULATION_FAILURE_INSN_SIZE,
              Layout.Run.EMULATION_FAILURE_INSN_BYTES,
              Layout.Run.SYSTEM_EVENT_TYPE,
              Layout.Run.MSR_ERROR,
              Layout.Run.MSR_REASON,
              Layout.Run.MSR_INDEX,
              Layout.Run.MSR_DATA,
              Layout.Run.VALID_REGS,
              Layout.Run.DIRTY_REGS,
              Layout.Run.SYNC_REGS,
              Layout.Run.SYNC_SREGS,
              Layout.Run.SYNC_EVENTS
            })
        .containsExactly(
            0, 1, 8, 12, 13, 16, 24, 32, 40, 32, 33, 34, 36, 40, 32, 40, 48, 32, 40, 48, 52, 32, 36,
            40, 48, 49, 32, 32, 40, 44, 48, 288, 296, 304, 448, 760);
  }

  @Test
  void matchesExitReasons() {
    assertThat(
            new int[] {
              Layout.Exit.IO,
              Layout.Exit.DEBUG,
              Layout.Exit.HLT,
              Layout.Exit.MMIO,
              Layout.Exit.IRQ_WINDOW_OPEN,
              Layout.Exit.SHUTDOWN,
              Layout.Exit.FAIL_ENTRY,
              Layout.Exit.INTR,
              Layout.Exit.INTERNAL_ERROR,
              Layout.Exit.SYSTEM_EVENT,
              Layout.Exit.X86_RDMSR,
              Layout.Exit.X86_WRMSR
            })
        .containsExactly(2, 4, 5, 6, 7, 8, 9, 10, 17, 24, 29, 30);
  }

  @Test
  void matchesRegisterStructures() {
    assertThat(
            new int[] {
              Layout.Sregs.CS,
              Layout.Sregs.DS,
              Layout.Sregs.ES,
              Layout.Sregs.FS,
              Layout.Sregs.GS,
              Layout.Sregs.SS,
              Layout.Sregs.TR,
              Layout.Sregs.LDT,
              Layout.Sregs.GDT,
              Layout.Sregs.IDT,
              Layout.Sregs.CR0,
              Layout.Sregs.CR2,
              Layout.Sregs.CR3,
              Layout.Sregs.CR4,
              Layout.Sregs.CR8,
              Layout.Sregs.EFER,
              Layout.Sregs.APIC_BASE,
              Layout.Sregs.INTERRUPT_BITMAP
            })
        .containsExactly(
            0, 24, 48, 72, 96, 120, 144, 168, 192, 208, 224, 232, 240, 248, 256, 264, 272, 280);
    assertThat(
            new int[] {
              Layout.SegmentFields.BASE,
              Layout.SegmentFields.LIMIT,
              Layout.SegmentFields.SELECTOR,
              Layout.SegmentFields.TYPE,
              Layout.SegmentFields.PRESENT,
              Layout.SegmentFields.DPL,
              Layout.SegmentFields.DB,
              Layout.SegmentFields.S,
              Layout.SegmentFields.L,
              Layout.SegmentFields.G,
              Layout.SegmentFields.AVL,
              Layout.SegmentFields.UNUSABLE,
              Layout.SegmentFields.SIZE
            })
        .containsExactly(0, 8, 12, 14, 15, 16, 17, 18, 19, 20, 21, 22, 24);
    assertThat(new int[] {Layout.DescriptorTableFields.BASE, Layout.DescriptorTableFields.LIMIT})
        .containsExactly(0, 8);
    assertThat(
            new int[] {
              Registers.RAX, Registers.RBX, Registers.RCX, Registers.RDX, Registers.RSI,
              Registers.RDI, Registers.RSP, Registers.RBP, Registers.R8, Registers.R9,
              Registers.R10, Registers.R11, Registers.R12, Registers.R13, Registers.R14,
              Registers.R15, Registers.RIP, Registers.RFLAGS, Registers.COUNT
            })
        .containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18);
  }

  @Test
  void matchesOtherStructures() {
    assertThat(new int[] {Layout.Xsave.LEGACY_SIZE, Layout.Xsave.XSTATE_BV})
        .containsExactly(512, 512);
    assertThat(
            new int[] {
              Layout.Xcrs.NR_XCRS,
              Layout.Xcrs.XCRS,
              Layout.Xcrs.ENTRY_SIZE,
              Layout.Xcrs.ENTRY_XCR,
              Layout.Xcrs.ENTRY_VALUE
            })
        .containsExactly(0, 8, 16, 0, 8);
    assertThat(
            new int[] {
              Layout.Msrs.NMSRS,
              Layout.Msrs.ENTRIES,
              Layout.Msrs.ENTRY_SIZE,
              Layout.Msrs.ENTRY_INDEX,
              Layout.Msrs.ENTRY_DATA,
              Layout.MsrList.NMSRS,
              Layout.MsrList.INDICES
            })
        .containsExactly(0, 8, 16, 0, 8, 0, 4);
    assertThat(
            new int[] {
              Layout.MsrFilter.FLAGS,
              Layout.MsrFilter.RANGES,
              Layout.MsrFilter.RANGE_SIZE,
              Layout.MsrFilter.RANGE_FLAGS,
              Layout.MsrFilter.RANGE_NMSRS,
              Layout.MsrFilter.RANGE_BASE,
              Layout.MsrFilter.RANGE_BITMAP
            })
        .containsExactly(0, 8, 24, 0, 4, 8, 16);
    assertThat(
            new int[] {
              Layout.Cpuid.NENT,
              Layout.Cpuid.ENTRIES,
              Layout.Cpuid.ENTRY_SIZE,
              Layout.Cpuid.FUNCTION,
              Layout.Cpuid.INDEX,
              Layout.Cpuid.FLAGS,
              Layout.Cpuid.EAX,
              Layout.Cpuid.EBX,
              Layout.Cpuid.ECX,
              Layout.Cpuid.EDX
            })
        .containsExactly(0, 8, 40, 0, 4, 8, 12, 16, 20, 24);
    assertThat(
            new int[] {
              Layout.MemoryRegion.SLOT,
              Layout.MemoryRegion.FLAGS,
              Layout.MemoryRegion.GUEST_PHYS_ADDR,
              Layout.MemoryRegion.MEMORY_SIZE,
              Layout.MemoryRegion.USERSPACE_ADDR,
              Layout.DirtyLog.SLOT,
              Layout.DirtyLog.DIRTY_BITMAP,
              Layout.EnableCap.CAP,
              Layout.EnableCap.ARGS,
              Layout.SignalMask.LEN,
              Layout.SignalMask.SIGSET
            })
        .containsExactly(0, 4, 8, 16, 24, 0, 8, 0, 8, 0, 4);
    assertThat(
            new int[] {
              Layout.GuestDebugFields.CONTROL,
              Layout.GuestDebugFields.DEBUGREG,
              Layout.GuestDebugFields.ENABLE,
              Layout.GuestDebugFields.SINGLESTEP,
              Layout.GuestDebugFields.USE_HW_BP
            })
        .containsExactly(0, 8, 1, 2, 0x20000);
    assertThat(
            new int[] {
              Layout.Stats.HEADER_SIZE,
              Layout.Stats.NAME_SIZE,
              Layout.Stats.NUM_DESC,
              Layout.Stats.DESC_OFFSET,
              Layout.Stats.DATA_OFFSET,
              Layout.Stats.DESC_SIZE,
              Layout.Stats.DESC_DATA_OFFSET
            })
        .containsExactly(24, 4, 8, 16, 20, 16, 8);
  }

  @Test
  void matchesCapabilityNumbers() {
    assertThat(Arrays.stream(Capability.values()).mapToInt(Capability::number))
        .containsExactly(3, 4, 7, 14, 23, 37, 41, 50, 55, 74, 136, 188, 189, 203, 204, 212);
  }
}
