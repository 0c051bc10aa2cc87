package io.understudy.machine;

import io.understudy.kvm.MsrRange;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What the guest's RDMSR and WRMSR find. Registers that are part of a vCPU's saved state are KVM's;
 * everything else reaches the machine, because it could show the guest the host's time, history or
 * make. Of that, what kernels touch without being able to do without is there and reads as zero;
 * the rest does not exist (#GP), as on a processor without the feature.
 *
 * <p>Numbers: Intel SDM volume 4; AMD APM volume 2, appendix A; Linux asm/msr-index.h.
 */
final class MsrPolicy {
  static final int TIME_STAMP_COUNTER = 0x10;

  /** On Intel's models KVM handles this, too. */
  private static final MsrRange SYSENTER = new MsrRange(0x174, 3);

  /** What KVM handles: each is saved, or constant. */
  private static final List<MsrRange> KVMS =
      List.of(
          new MsrRange(0xfe, 1), // MTRRcap
          new MsrRange(0x1d9, 1), // DEBUGCTL
          new MsrRange(0x200, 16), // MTRRphys
          new MsrRange(0x250, 1), // MTRRfix64K
          new MsrRange(0x258, 2), // MTRRfix16K
          new MsrRange(0x268, 8), // MTRRfix4K
          new MsrRange(0x277, 1), // PAT
          new MsrRange(0x2ff, 1), // MTRRdefType
          new MsrRange(0xc0000080, 5), // EFER, STAR, LSTAR, CSTAR, FMASK
          new MsrRange(0xc0000100, 3)); // FS, GS and kernel GS base

  private static final Set<Integer> ZERO =
      Set.of(
          TIME_STAMP_COUNTER,
          0x17, // IA32_PLATFORM_ID
          0x1b, // IA32_APIC_BASE: there is none
          0x3a, // IA32_FEATURE_CONTROL
          0x8b, // microcode revision
          0x174, // SYSENTER_CS, _ESP and _EIP, see allowed
          0x175,
          0x176,
          0x1a0, // IA32_MISC_ENABLE
          0xc0010010, // SYSCFG
          0xc0010015, // HWCR
          0xc001001f, // NB_CFG
          0xc0010055, // interrupt pending
          0xc0010112, // TSEG base
          0xc0010114, // VM_CR
          0xc0010140, // OSVW id length
          0xc0010141, // OSVW status
          0xc0011022, // DC_CFG
          0xc0011023, // BU_CFG
          0xc0011029); // DE_CFG

  private MsrPolicy() {}

  /**
   * What KVM handles: each is saved, or constant. Not SYSENTER on AMD's models: there the guest can
   * write 64 bits, of which KVM restores 32 (Linux arch/x86/kvm/svm/svm.c, svm_set_msr), and the
   * instruction does not exist in long mode.
   */
  static List<MsrRange> allowed(boolean intel) {
    return intel ? Stream.concat(KVMS.stream(), Stream.of(SYSENTER)).toList() : KVMS;
  }

  /** The value, or empty if the register does not exist. */
  static OptionalLong read(int index) {
    return ZERO.contains(index) ? OptionalLong.of(0) : OptionalLong.empty();
  }

  /** Whether a write is accepted; it has no effect. */
  static boolean acceptsWrite(int index) {
    return ZERO.contains(index);
  }
}
