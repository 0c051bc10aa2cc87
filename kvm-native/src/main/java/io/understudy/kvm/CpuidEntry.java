package io.understudy.kvm;

/**
 * One row of a CPUID table ({@code struct kvm_cpuid_entry2} of asm/kvm.h). Immutable.
 *
 * @param function leaf, the value of EAX
 * @param index sub-leaf, the value of ECX; used only when {@code flags} has {@link
 *     #SIGNIFICANT_INDEX}
 * @param flags {@code KVM_CPUID_FLAG_*}
 */
public record CpuidEntry(int function, int index, int flags, int eax, int ebx, int ecx, int edx) {
  /** {@code KVM_CPUID_FLAG_SIGNIFCANT_INDEX}: this leaf has sub-leaves. */
  public static final int SIGNIFICANT_INDEX = 1;

  /** The same row with other register values. */
  public CpuidEntry withValues(int newEax, int newEbx, int newEcx, int newEdx) {
    return new CpuidEntry(function, index, flags, newEax, newEbx, newEcx, newEdx);
  }

  @Override
  public String toString() {
    return String.format(
        "cpuid 0x%08x/%d flags=%d eax=0x%08x ebx=0x%08x ecx=0x%08x edx=0x%08x",
        function, index, flags, eax, ebx, ecx, edx);
  }
}
