package io.understudy.kvm;

/**
 * The ioctl requests of linux/kvm.h and asm/kvm.h (x86-64) that this module uses. The number
 * encodes direction, argument size, type {@code 0xAE} and sequence (asm-generic/ioctl.h), so a
 * wrong structure size is a wrong number.
 */
enum Ioctl {
  KVM_GET_API_VERSION(0x0000AE00L),
  KVM_CREATE_VM(0x0000AE01L),
  KVM_GET_MSR_INDEX_LIST(0xC004AE02L),
  KVM_CHECK_EXTENSION(0x0000AE03L),
  KVM_GET_VCPU_MMAP_SIZE(0x0000AE04L),
  KVM_GET_SUPPORTED_CPUID(0xC008AE05L),
  KVM_CREATE_VCPU(0x0000AE41L),
  KVM_GET_DIRTY_LOG(0x4010AE42L),
  KVM_SET_USER_MEMORY_REGION(0x4020AE46L),
  KVM_SET_TSS_ADDR(0x0000AE47L),
  KVM_SET_IDENTITY_MAP_ADDR(0x4008AE48L),
  KVM_RUN(0x0000AE80L),
  KVM_GET_REGS(0x8090AE81L),
  KVM_SET_REGS(0x4090AE82L),
  KVM_GET_SREGS(0x8138AE83L),
  KVM_SET_SREGS(0x4138AE84L),
  KVM_INTERRUPT(0x4004AE86L),
  KVM_GET_MSRS(0xC008AE88L),
  KVM_SET_MSRS(0x4008AE89L),
  KVM_SET_SIGNAL_MASK(0x4004AE8BL),
  KVM_SET_CPUID2(0x4008AE90L),
  KVM_GET_CPUID2(0xC008AE91L),
  KVM_GET_MP_STATE(0x8004AE98L),
  KVM_SET_MP_STATE(0x4004AE99L),
  KVM_SET_GUEST_DEBUG(0x4048AE9BL),
  KVM_GET_VCPU_EVENTS(0x8040AE9FL),
  KVM_SET_VCPU_EVENTS(0x4040AEA0L),
  KVM_GET_DEBUGREGS(0x8080AEA1L),
  KVM_SET_DEBUGREGS(0x4080AEA2L),
  KVM_ENABLE_CAP(0x4068AEA3L),
  KVM_GET_XSAVE(0x9000AEA4L),
  KVM_SET_XSAVE(0x5000AEA5L),
  KVM_GET_XCRS(0x8188AEA6L),
  KVM_X86_SET_MSR_FILTER(0x4188AEC6L),
  KVM_GET_STATS_FD(0x0000AECEL);

  private final long request;

  Ioctl(long request) {
    this.request = request;
  }

  long request() {
    return request;
  }

  /** Returns the result, which is not negative. */
  int call(int fd, long argument) {
    int result = attempt(fd, argument);
    if (result < 0) {
      throw new KvmException(name(), -result, "");
    }
    return result;
  }

  /** Returns the result, or the negated errno. */
  int attempt(int fd, long argument) {
    return invoke(fd, request, argument);
  }

  private static int invoke(int fd, long request, long argument) {
    int result = LibC.ioctl(fd, request, argument);
    return result < 0 ? -NativeAccess.errno() : result;
  }
}
