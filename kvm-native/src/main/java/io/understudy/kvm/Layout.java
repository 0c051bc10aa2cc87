package io.understudy.kvm;

/**
 * Sizes and byte offsets of the structures of linux/kvm.h and asm/kvm.h on x86-64. Constants are
 * grouped by structure and keep its field names.
 */
final class Layout {
  static final int PAGE_SIZE = 4096;

  private Layout() {}

  /** {@code struct kvm_run}: the mapping shared with the kernel; page 1 of it holds port data. */
  static final class Run {
    static final int REQUEST_INTERRUPT_WINDOW = 0;
    static final int IMMEDIATE_EXIT = 1;
    static final int EXIT_REASON = 8;
    static final int READY_FOR_INTERRUPT_INJECTION = 12;
    static final int IF_FLAG = 13;
    static final int CR8 = 16;
    static final int APIC_BASE = 24;
    static final int FAIL_ENTRY_REASON = 32;
    static final int FAIL_ENTRY_CPU = 40;
    static final int IO_DIRECTION = 32;
    static final int IO_SIZE = 33;
    static final int IO_PORT = 34;
    static final int IO_COUNT = 36;
    static final int IO_DATA_OFFSET = 40;
    static final int DEBUG_EXCEPTION = 32;
    static final int DEBUG_PC = 40;
    static final int DEBUG_DR6 = 48;
    static final int MMIO_PHYS_ADDR = 32;
    static final int MMIO_DATA = 40;
    static final int MMIO_LEN = 48;
    static final int MMIO_IS_WRITE = 52;
    static final int INTERNAL_SUBERROR = 32;
    static final int INTERNAL_NDATA = 36;
    static final int INTERNAL_DATA = 40;
    static final int EMULATION_FAILURE_INSN_SIZE = 48;
    static final int EMULATION_FAILURE_INSN_BYTES = 49;
    static final int SYSTEM_EVENT_TYPE = 32;
    static final int MSR_ERROR = 32;
    static final int MSR_REASON = 40;
    static final int MSR_INDEX = 44;
    static final int MSR_DATA = 48;
    static final int VALID_REGS = 288;
    static final int DIRTY_REGS = 296;
    static final int SYNC_REGS = 304;
    static final int SYNC_SREGS = 448;
    static final int SYNC_EVENTS = 760;

    /** Groups of {@code kvm_valid_regs} and {@code kvm_dirty_regs}. */
    static final int GROUP_REGS = 1;

    static final int GROUP_SREGS = 2;
    static final int GROUP_EVENTS = 4;

    private Run() {}
  }

  /** {@code KVM_EXIT_*}. */
  static final class Exit {
    static final int IO = 2;
    static final int DEBUG = 4;
    static final int HLT = 5;
    static final int MMIO = 6;
    static final int IRQ_WINDOW_OPEN = 7;
    static final int SHUTDOWN = 8;
    static final int FAIL_ENTRY = 9;
    static final int INTR = 10;
    static final int INTERNAL_ERROR = 17;
    static final int SYSTEM_EVENT = 24;
    static final int X86_RDMSR = 29;
    static final int X86_WRMSR = 30;

    static final int IO_IN = 0;
    static final int SUBERROR_EMULATION = 1;
    static final long EMULATION_FLAG_INSTRUCTION_BYTES = 1;
    static final int INSTRUCTION_BYTES_MAX = 15;
    static final int INTERNAL_DATA_MAX = 16;

    private Exit() {}
  }

  /** {@code struct kvm_regs}: rax rbx rcx rdx rsi rdi rsp rbp r8..r15 rip rflags, 8 bytes each. */
  static final class Regs {
    static final int SIZE = 144;
    static final int COUNT = 18;

    private Regs() {}
  }

  /** {@code struct kvm_sregs}. */
  static final class Sregs {
    static final int SIZE = 312;
    static final int CS = 0;
    static final int DS = 24;
    static final int ES = 48;
    static final int FS = 72;
    static final int GS = 96;
    static final int SS = 120;
    static final int TR = 144;
    static final int LDT = 168;
    static final int GDT = 192;
    static final int IDT = 208;
    static final int CR0 = 224;
    static final int CR2 = 232;
    static final int CR3 = 240;
    static final int CR4 = 248;
    static final int CR8 = 256;
    static final int EFER = 264;
    static final int APIC_BASE = 272;
    static final int INTERRUPT_BITMAP = 280;
    static final int INTERRUPT_BITMAP_SIZE = 32;

    private Sregs() {}
  }

  /** {@code struct kvm_segment}. */
  static final class SegmentFields {
    static final int BASE = 0;
    static final int LIMIT = 8;
    static final int SELECTOR = 12;
    static final int TYPE = 14;
    static final int PRESENT = 15;
    static final int DPL = 16;
    static final int DB = 17;
    static final int S = 18;
    static final int L = 19;
    static final int G = 20;
    static final int AVL = 21;
    static final int UNUSABLE = 22;
    static final int SIZE = 24;

    private SegmentFields() {}
  }

  /** {@code struct kvm_dtable}. */
  static final class DescriptorTableFields {
    static final int BASE = 0;
    static final int LIMIT = 8;

    private DescriptorTableFields() {}
  }

  /** {@code struct kvm_xsave}: an XSAVE image in the standard format. */
  static final class Xsave {
    static final int SIZE = 4096;
    static final int LEGACY_SIZE = 512;
    static final int XSTATE_BV = 512;

    private Xsave() {}
  }

  /** {@code struct kvm_xcrs} with entries {@code struct kvm_xcr}. */
  static final class Xcrs {
    static final int SIZE = 392;
    static final int NR_XCRS = 0;
    static final int XCRS = 8;
    static final int ENTRY_SIZE = 16;
    static final int ENTRY_XCR = 0;
    static final int ENTRY_VALUE = 8;

    private Xcrs() {}
  }

  /** {@code struct kvm_vcpu_events}. */
  static final class Events {
    static final int SIZE = 64;
    static final int EXCEPTION_INJECTED = 0;
    static final int EXCEPTION_NR = 1;
    static final int EXCEPTION_HAS_ERROR_CODE = 2;
    static final int EXCEPTION_PENDING = 3;
    static final int EXCEPTION_ERROR_CODE = 4;
    static final int INTERRUPT_INJECTED = 8;
    static final int INTERRUPT_NR = 9;
    static final int NMI_INJECTED = 12;
    static final int EXCEPTION_HAS_PAYLOAD = 55;
    static final int EXCEPTION_PAYLOAD = 56;

    private Events() {}
  }

  /** {@code struct kvm_debugregs}. */
  static final class DebugRegs {
    static final int SIZE = 128;

    private DebugRegs() {}
  }

  /** {@code struct kvm_guest_debug}. */
  static final class GuestDebugFields {
    static final int SIZE = 72;
    static final int CONTROL = 0;
    static final int DEBUGREG = 8;
    static final int ENABLE = 1;
    static final int SINGLESTEP = 2;
    static final int USE_HW_BP = 0x20000;

    /** DR7: bit 10 is always one; bit 2n+1 switches breakpoint n on for every task. */
    static final long DR7_FIXED = 0x400;

    private GuestDebugFields() {}
  }

  /** {@code struct kvm_msrs} with entries {@code struct kvm_msr_entry}. */
  static final class Msrs {
    static final int NMSRS = 0;
    static final int ENTRIES = 8;
    static final int ENTRY_SIZE = 16;
    static final int ENTRY_INDEX = 0;
    static final int ENTRY_DATA = 8;

    private Msrs() {}
  }

  /** {@code struct kvm_msr_list}. */
  static final class MsrList {
    static final int NMSRS = 0;
    static final int INDICES = 4;

    private MsrList() {}
  }

  /** {@code struct kvm_msr_filter} with {@code struct kvm_msr_filter_range}. */
  static final class MsrFilter {
    static final int SIZE = 392;
    static final int FLAGS = 0;
    static final int RANGES = 8;
    static final int RANGE_SIZE = 24;
    static final int RANGE_FLAGS = 0;
    static final int RANGE_NMSRS = 4;
    static final int RANGE_BASE = 8;
    static final int RANGE_BITMAP = 16;
    static final int RANGES_MAX = 16;
    static final int BITMAP_BYTES_MAX = 1536;
    static final int READ_AND_WRITE = 3;
    static final int DEFAULT_DENY = 1;

    /** {@code KVM_MSR_EXIT_REASON_}: INVAL 1, UNKNOWN 2, FILTER 4. */
    static final int ALL_REASONS = 7;

    private MsrFilter() {}
  }

  /** {@code struct kvm_cpuid2} with entries {@code struct kvm_cpuid_entry2}. */
  static final class Cpuid {
    static final int NENT = 0;
    static final int ENTRIES = 8;
    static final int ENTRY_SIZE = 40;
    static final int FUNCTION = 0;
    static final int INDEX = 4;
    static final int FLAGS = 8;
    static final int EAX = 12;
    static final int EBX = 16;
    static final int ECX = 20;
    static final int EDX = 24;

    private Cpuid() {}
  }

  /** {@code struct kvm_userspace_memory_region}. */
  static final class MemoryRegion {
    static final int SIZE = 32;
    static final int SLOT = 0;
    static final int FLAGS = 4;
    static final int GUEST_PHYS_ADDR = 8;
    static final int MEMORY_SIZE = 16;
    static final int USERSPACE_ADDR = 24;
    static final int LOG_DIRTY_PAGES = 1;

    private MemoryRegion() {}
  }

  /** {@code struct kvm_dirty_log}. */
  static final class DirtyLog {
    static final int SIZE = 16;
    static final int SLOT = 0;
    static final int DIRTY_BITMAP = 8;

    private DirtyLog() {}
  }

  /** {@code struct kvm_enable_cap}. */
  static final class EnableCap {
    static final int SIZE = 104;
    static final int CAP = 0;
    static final int ARGS = 8;

    private EnableCap() {}
  }

  /** {@code struct kvm_signal_mask}: length 8, then the kernel's 64-bit signal set, unaligned. */
  static final class SignalMask {
    static final int SIZE = 12;
    static final int LEN = 0;
    static final int SIGSET = 4;

    private SignalMask() {}
  }

  /** {@code struct kvm_stats_header} and {@code struct kvm_stats_desc}. */
  static final class Stats {
    static final int HEADER_SIZE = 24;
    static final int NAME_SIZE = 4;
    static final int NUM_DESC = 8;
    static final int DESC_OFFSET = 16;
    static final int DATA_OFFSET = 20;
    static final int DESC_SIZE = 16;
    static final int DESC_DATA_OFFSET = 8;

    private Stats() {}
  }
}
