package io.understudy.machine;

import io.understudy.kvm.CpuidEntry;
import io.understudy.kvm.CpuidTable;
import io.understudy.kvm.Kvm;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The CPU that guests are told they have: the host's, less everything that would let a guest see
 * something the log does not hold.
 *
 * <p>Hidden: TSC, RDTSCP, RDRAND, RDSEED, APIC, x2APIC, TSC deadline, MONITOR, the XSAVE family,
 * TSX, RDPID, performance counters and KVM's own leaves; also what depends on the core that happens
 * to run the query. Not every host lets itself be masked (nested PVM hosts do not), so guests must
 * also refrain. Feature bits: Intel SDM volume 2A, CPUID; AMD APM volume 3, appendix E.
 */
public final class CpuModel {
  private static final String NAME = "masked-host-1";

  /** Leaves that are kept; all others, KVM's 0x40000000 among them, are left out. */
  private static final Set<Integer> LEAVES =
      Set.of(0, 1, 7, 0x80000000, 0x80000001, 0x80000002, 0x80000003, 0x80000004, 0x80000008);

  private static final int LEAF_7 = 7;
  private static final int LEAF_1_EBX_CORE_BITS = 0xffff0000; // APIC id, processor count
  // MONITOR 3, PDCM 15, x2APIC 21, TSC deadline 24, XSAVE 26, OSXSAVE 27, AVX 28, RDRAND 30
  private static final int LEAF_1_ECX =
      1 << 3 | 1 << 15 | 1 << 21 | 1 << 24 | 1 << 26 | 1 << 27 | 1 << 28 | 1 << 30;
  private static final int LEAF_1_EDX = 1 << 4 | 1 << 9; // TSC, APIC
  // HLE 4, AVX2 5, RTM 11, RDSEED 18
  private static final int LEAF_7_EBX = 1 << 4 | 1 << 5 | 1 << 11 | 1 << 18;
  private static final int LEAF_7_ECX = 1 << 22; // RDPID
  private static final int EXTENDED_1_EDX = 1 << 27; // RDTSCP
  private static final int EXTENDED_MAXIMUM = 0x80000008;

  private CpuModel() {}

  static CpuidTable table(Kvm kvm) {
    CpuidTable table = kvm.supportedCpuid();
    for (CpuidEntry entry : kvm.supportedCpuid().entries()) {
      if (!LEAVES.contains(entry.function())) {
        table = table.without(entry.function());
      }
    }
    return table
        .mapLeaf(0, e -> e.withValues(LEAF_7, e.ebx(), e.ecx(), e.edx()))
        .mapLeaf(
            1,
            e ->
                e.withValues(
                    e.eax(),
                    e.ebx() & ~LEAF_1_EBX_CORE_BITS,
                    e.ecx() & ~LEAF_1_ECX,
                    e.edx() & ~LEAF_1_EDX))
        .mapLeaf(
            LEAF_7, e -> e.withValues(e.eax(), e.ebx() & ~LEAF_7_EBX, e.ecx() & ~LEAF_7_ECX, 0))
        .mapLeaf(0x80000000, e -> e.withValues(EXTENDED_MAXIMUM, e.ebx(), e.ecx(), e.edx()))
        .mapLeaf(
            0x80000001, e -> e.withValues(e.eax(), e.ebx(), e.ecx(), e.edx() & ~EXTENDED_1_EDX));
  }

  /**
   * Names the model exactly: two hosts with the same name show their guests the same CPU. Goes into
   * the run's header, and a host that cannot offer it is refused.
   */
  public static String name(Kvm kvm) {
    String rows =
        table(kvm).entries().stream().map(CpuidEntry::toString).collect(Collectors.joining("\n"));
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(rows.getBytes(StandardCharsets.UTF_8));
      return NAME + "-" + HexFormat.of().formatHex(digest, 0, 8);
    } catch (NoSuchAlgorithmException absent) {
      throw new IllegalStateException("every Java platform has SHA-256", absent);
    }
  }
}
