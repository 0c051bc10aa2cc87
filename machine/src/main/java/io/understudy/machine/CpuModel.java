package io.understudy.machine;

import io.understudy.kvm.CpuidEntry;
import io.understudy.kvm.CpuidTable;
import io.understudy.kvm.Kvm;
import io.understudy.kvm.Vcpu;
import io.understudy.kvm.VirtualMachine;
import io.understudy.schemas.Hashes;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;

/**
 * The processor that guests are told they have: one fixed table for each vendor, so that two hosts
 * of a vendor show the same one, whatever they are.
 *
 * <p>The features are those of x86-64-v2 without what would let a guest see something the log does
 * not hold: no TSC, RDTSCP, RDRAND, RDSEED, APIC, MONITOR, performance counters, TSX or RDPID; no
 * XSAVE, and so no AVX, because the saved image of those states depends on the host's history; none
 * of KVM's own leaves. Family and model are those of QEMU's generic processors, which kernels know
 * and apply no particular errata to.
 *
 * <p>Not every host lets itself be masked (nested PVM hosts do not). The name says so, and a guest
 * that goes by what CPUID says cannot be run there; one that refrains of its own accord can.
 *
 * <p>Feature bits: Intel SDM volume 2A, CPUID; AMD APM volume 3, appendix E.
 *
 * @param name names the model exactly: a host that cannot offer it is refused
 * @param table what the vCPU is given
 * @param masked whether the guest sees the table and nothing else
 */
public record CpuModel(String name, CpuidTable table, boolean masked) {
  private static final int VENDOR_LEAF = 0;
  private static final int FEATURE_LEAF = 1;
  private static final int STRUCTURED_LEAF = 7;
  private static final int EXTENDED_LEAF = 0x80000000;
  private static final int EXTENDED_FEATURE_LEAF = 0x80000001;
  private static final int BRAND_LEAF = 0x80000002;
  private static final int ADDRESS_LEAF = 0x80000008;

  private static final int INTEL_EBX = 0x756e6547; // "Genu"
  private static final int AMD_EBX = 0x68747541; // "Auth"
  private static final int INTEL_SIGNATURE = 0x00000f61; // QEMU's kvm64
  private static final int AMD_SIGNATURE = 0x00060fb1; // QEMU's qemu64

  /** One logical processor, CLFLUSH of 8 * 8 bytes, APIC id 0. */
  private static final int FEATURE_EBX = 1 << 16 | 8 << 8;

  // SSE3 0, SSSE3 9, CX16 13, SSE4.1 19, SSE4.2 20, POPCNT 23
  private static final int FEATURE_ECX = 1 | 1 << 9 | 1 << 13 | 1 << 19 | 1 << 20 | 1 << 23;

  /** Tells kernels not to look for microcode and errata; every host allows it. */
  private static final int HYPERVISOR = 1 << 31;

  // FPU 0, DE 2, PSE 3, MSR 5, PAE 6, CX8 8, SEP 11, MTRR 12, PGE 13, CMOV 15, PAT 16,
  // PSE36 17, CLFLUSH 19, MMX 23, FXSR 24, SSE 25, SSE2 26
  private static final int FEATURE_EDX =
      1 | 1 << 2 | 1 << 3 | 1 << 5 | 1 << 6 | 1 << 8 | 1 << 11 | 1 << 12 | 1 << 13 | 1 << 15
          | 1 << 16 | 1 << 17 | 1 << 19 | 1 << 23 | 1 << 24 | 1 << 25 | 1 << 26;
  private static final int EXTENDED_ECX = 1; // LAHF in long mode
  private static final int EXTENDED_EDX = 1 << 11 | 1 << 20 | 1 << 29; // SYSCALL, NX, long mode

  /** The bits of leaf 1 that AMD repeats: 0 to 9, 12 to 17, 23 and 24. */
  private static final int AMD_REPEATED_EDX = 0x0183f3ff;

  private static final int PHYSICAL_BITS = 40;
  private static final int LINEAR_BITS = 48;
  private static final String BRAND = "Understudy x86-64 processor, version 1";

  /**
   * The model for the vendor of this host's processor, tried on a vCPU.
   *
   * @throws RunRefusedException if the host's processor or KVM lacks a feature of it
   */
  public static CpuModel of(Kvm kvm) {
    CpuidTable supported = kvm.supportedCpuid();
    CpuidEntry vendor =
        supported.find(VENDOR_LEAF, 0).orElseThrow(() -> refused("leaf 0 is missing"));
    boolean intel = vendor.ebx() == INTEL_EBX;
    if (!intel && vendor.ebx() != AMD_EBX) {
      throw refused("the processor is neither of Intel nor of AMD: " + vendor);
    }
    CpuidTable table = table(vendor, intel);
    String name = intel ? "understudy-intel-1" : "understudy-amd-1";
    CpuidTable effective = effective(kvm, table);
    if (!effective.equals(table)) {
      return new CpuModel(name + "+unmasked-" + digest(effective), table, false);
    }
    requireSupported(supported, name);
    return new CpuModel(name, table, true);
  }

  /** Whether it is one of Intel's, else it is one of AMD's. */
  boolean isIntel() {
    return table.find(VENDOR_LEAF, 0).orElseThrow().ebx() == INTEL_EBX;
  }

  private static CpuidTable table(CpuidEntry vendor, boolean intel) {
    int signature = intel ? INTEL_SIGNATURE : AMD_SIGNATURE;
    int repeated = intel ? 0 : FEATURE_EDX & AMD_REPEATED_EDX;
    List<CpuidEntry> rows = new ArrayList<>();
    rows.add(row(VENDOR_LEAF, STRUCTURED_LEAF, vendor.ebx(), vendor.ecx(), vendor.edx()));
    rows.add(row(FEATURE_LEAF, signature, FEATURE_EBX, FEATURE_ECX | HYPERVISOR, FEATURE_EDX));
    rows.add(new CpuidEntry(STRUCTURED_LEAF, 0, CpuidEntry.SIGNIFICANT_INDEX, 0, 0, 0, 0));
    rows.add(row(EXTENDED_LEAF, ADDRESS_LEAF, vendor.ebx(), vendor.ecx(), vendor.edx()));
    rows.add(row(EXTENDED_FEATURE_LEAF, signature, 0, EXTENDED_ECX, EXTENDED_EDX | repeated));
    byte[] brand = new byte[48];
    byte[] text = BRAND.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(text, 0, brand, 0, text.length);
    for (int leaf = 0; leaf < 3; leaf++) {
      rows.add(
          row(
              BRAND_LEAF + leaf,
              word(brand, 16 * leaf),
              word(brand, 16 * leaf + 4),
              word(brand, 16 * leaf + 8),
              word(brand, 16 * leaf + 12)));
    }
    rows.add(row(ADDRESS_LEAF, LINEAR_BITS << 8 | PHYSICAL_BITS, 0, 0, 0));
    return new CpuidTable(rows);
  }

  private static CpuidEntry row(int function, int eax, int ebx, int ecx, int edx) {
    return new CpuidEntry(function, 0, 0, eax, ebx, ecx, edx);
  }

  private static int word(byte[] bytes, int at) {
    return (bytes[at] & 0xff)
        | (bytes[at + 1] & 0xff) << 8
        | (bytes[at + 2] & 0xff) << 16
        | (bytes[at + 3] & 0xff) << 24;
  }

  private static void requireSupported(CpuidTable supported, String name) {
    requireBits(name, FEATURE_LEAF, "ecx", FEATURE_ECX, supported, CpuidEntry::ecx);
    requireBits(name, EXTENDED_FEATURE_LEAF, "ecx", EXTENDED_ECX, supported, CpuidEntry::ecx);
    requireBits(name, FEATURE_LEAF, "edx", FEATURE_EDX, supported, CpuidEntry::edx);
    requireBits(name, EXTENDED_FEATURE_LEAF, "edx", EXTENDED_EDX, supported, CpuidEntry::edx);
  }

  private static void requireBits(
      String name,
      int leaf,
      String register,
      int needed,
      CpuidTable supported,
      ToIntFunction<CpuidEntry> value) {
    int offered = supported.find(leaf, 0).map(e -> value.applyAsInt(e)).orElse(0);
    if ((offered & needed) != needed) {
      throw refused(
          String.format(
              "processor model %s needs features that this host does not have: leaf=0x%08x"
                  + " register=%s missing=0x%08x",
              name, leaf, register, needed & ~offered));
    }
  }

  private static CpuidTable effective(Kvm kvm, CpuidTable table) {
    try (VirtualMachine vm = kvm.createVirtualMachine()) {
      Vcpu vcpu = vm.createVcpu(0);
      vcpu.setCpuid(table);
      // KVM shows an APIC as long as its base address says that it is on.
      vcpu.refreshRegisters();
      vcpu.setSpecialRegisters(vcpu.specialRegisters().values().toBuilder().apicBase(0).build());
      return vcpu.effectiveCpuid();
    }
  }

  private static String digest(CpuidTable table) {
    String rows =
        table.entries().stream().map(CpuidEntry::toString).collect(Collectors.joining("\n"));
    byte[] digest = Hashes.sha256(rows.getBytes(StandardCharsets.UTF_8));
    return HexFormat.of().formatHex(digest, 0, 8);
  }

  private static RunRefusedException refused(String why) {
    return new RunRefusedException("this host cannot run guests: " + why);
  }
}
