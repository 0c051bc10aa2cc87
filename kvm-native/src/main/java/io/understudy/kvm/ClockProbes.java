package io.understudy.kvm;

import static io.understudy.kvm.Probe.expect;
import static io.understudy.kvm.Probe.hex;

import io.understudy.kvm.Probe.Finding;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Instruction clocks, and what the guest can find out about its processor. */
final class ClockProbes {
  static final Probe EMULATED_INSTRUCTIONS =
      new Probe("emulated-instruction clock", false, ClockProbes::emulatedInstructions);
  static final List<Probe> ALL =
      List.of(
          EMULATED_INSTRUCTIONS,
          new Probe("performance counters", false, ClockProbes::performanceCounters),
          new Probe("CPUID masks", false, ClockProbes::cpuidMasks));

  private static final int ITERATIONS = 20_000;

  /** linux/perf_event.h: struct perf_event_attr, version 0. */
  private static final int PERF_ATTR_BYTES = 64;

  private static final int PERF_ATTR_SIZE = 4;
  private static final int PERF_ATTR_CONFIG = 8;
  private static final long PERF_COUNT_HW_INSTRUCTIONS = 1;

  private static final int LEAF1_ECX_MASKED =
      1 << 23 | 1 << 26 | 1 << 28 | 1 << 30; // POPCNT, XSAVE, AVX, RDRAND
  private static final int LEAF1_EDX_MASKED = 1 << 4 | 1 << 9; // TSC, APIC
  private static final int LEAF7_EBX_MASKED = 1 << 11 | 1 << 18 | 1 << 20; // RTM, RDSEED, SMAP

  private ClockProbes() {}

  private static Finding emulatedInstructions(Kvm kvm) {
    Count first = count(kvm, false);
    if (first == null) {
      return Finding.absent("no statistic insn_emulation");
    }
    if (first.instructions < ITERATIONS) {
      return Finding.broken(
          "counted " + first.instructions + " for " + (2 * ITERATIONS) + " kernel instructions");
    }
    Count second = count(kvm, false);
    Count kicked = count(kvm, true);
    String counts =
        first.instructions
            + ", again "
            + second.instructions
            + ", with "
            + kicked.interruptions
            + " kicks "
            + kicked.instructions;
    boolean isExact =
        first.instructions == second.instructions && first.instructions == kicked.instructions;
    return isExact ? Finding.works(counts) : Finding.broken("not repeatable: " + counts);
  }

  private record Count(long instructions, int interruptions) {}

  private static Count count(Kvm kvm, boolean isKicked) {
    // mov ecx,ITERATIONS; dec ecx; jnz back; out 0x10,al
    int[] code =
        ProbeGuest.code(
            ProbeGuest.bytes(0xB9),
            ProbeGuest.imm32(ITERATIONS),
            ProbeGuest.bytes(0xFF, 0xC9, 0x75, 0xFC, 0xE6, 0x10));
    try (ProbeGuest guest = ProbeGuest.start(kvm, code)) {
      Vcpu vcpu = guest.vcpu();
      if (vcpu.emulatedInstructions().isEmpty()) {
        return null;
      }
      long before = vcpu.emulatedInstructions().getAsLong();
      int interruptions = isKicked ? runKicked(guest) : runQuietly(guest);
      return new Count(vcpu.emulatedInstructions().getAsLong() - before, interruptions);
    }
  }

  private static int runQuietly(ProbeGuest guest) {
    expect(VcpuExit.PortOut.class, guest.run(Probe.TIMEOUT));
    return 0;
  }

  private static int runKicked(ProbeGuest guest) {
    int interruptions = 0;
    try (KickTimer timer =
        KickTimer.start(guest.vcpu(), Duration.ofMillis(1), Duration.ofNanos(200_000))) {
      VcpuExit exit = guest.vcpu().run();
      while (exit instanceof VcpuExit.Interrupted) {
        interruptions++;
        timer.checkNotLongerThan(Probe.TIMEOUT);
        exit = guest.vcpu().run();
      }
      expect(VcpuExit.PortOut.class, exit);
    }
    return interruptions;
  }

  private static Finding performanceCounters(Kvm kvm) {
    String guestSide =
        "KVM_CAP_PMU_CAPABILITY=" + kvm.extension(Capability.PMU_CAPABILITY.number());
    try (NativeBuffer attributes = NativeBuffer.allocate(PERF_ATTR_BYTES)) {
      attributes.bytes().putInt(PERF_ATTR_SIZE, PERF_ATTR_BYTES);
      attributes.bytes().putLong(PERF_ATTR_CONFIG, PERF_COUNT_HW_INSTRUCTIONS);
      int thisThread = 0;
      int anyCpu = -1;
      int noGroup = -1;
      long fd =
          LibC.syscall(
              LibC.SYS_PERF_EVENT_OPEN, attributes.address(), thisThread, anyCpu, noGroup, 0);
      if (fd < 0) {
        int errno = NativeAccess.errno();
        return Finding.absent(
            "perf_event_open(instructions) errno=" + Errno.name(errno) + "; " + guestSide);
      }
      LibC.close((int) fd);
      return Finding.limited("perf_event_open(instructions) opens; not used; " + guestSide);
    }
  }

  private static Finding cpuidMasks(Kvm kvm) {
    CpuidTable table =
        kvm.supportedCpuid()
            .mapLeaf(
                1,
                e ->
                    e.withValues(
                        e.eax(), e.ebx(), e.ecx() & ~LEAF1_ECX_MASKED, e.edx() & ~LEAF1_EDX_MASKED))
            .mapLeaf(7, e -> e.withValues(e.eax(), e.ebx() & ~LEAF7_EBX_MASKED, e.ecx(), e.edx()));
    // mov eax,1; xor ecx,ecx; cpuid; mov [DATA],ecx; mov [DATA+4],edx;
    // mov eax,7; xor ecx,ecx; cpuid; mov [DATA+8],ebx; hlt
    int[] code = {
      0xB8, 1, 0, 0, 0, 0x31, 0xC9, 0x0F, 0xA2, 0x89, 0x0C, 0x25, 0, 0x70, 0, 0, 0x89, 0x14, 0x25,
      4, 0x70, 0, 0, 0xB8, 7, 0, 0, 0, 0x31, 0xC9, 0x0F, 0xA2, 0x89, 0x1C, 0x25, 8, 0x70, 0, 0, 0xF4
    };
    try (ProbeGuest guest = ProbeGuest.start(kvm, table, code)) {
      expect(VcpuExit.Halt.class, guest.run(Probe.TIMEOUT));
      long leaf1 = guest.memory().readLong(ProbeGuest.DATA);
      int ecx = (int) leaf1 & LEAF1_ECX_MASKED;
      int edx = (int) (leaf1 >>> Integer.SIZE) & LEAF1_EDX_MASKED;
      int ebx = (int) guest.memory().readLong(ProbeGuest.DATA + 8) & LEAF7_EBX_MASKED;
      List<String> visible = visible(ecx, edx, ebx);
      return visible.isEmpty()
          ? Finding.works("POPCNT XSAVE AVX RDRAND TSC APIC RTM RDSEED SMAP hidden")
          : Finding.broken(
              "masked, yet the guest sees "
                  + String.join(" ", visible)
                  + " (leaf 1 ecx="
                  + hex(leaf1 & 0xFFFFFFFFL)
                  + " edx="
                  + hex(leaf1 >>> Integer.SIZE)
                  + ")");
    }
  }

  private static List<String> visible(int ecx, int edx, int ebx) {
    List<String> names = new ArrayList<>();
    addIf(names, ecx, 23, "POPCNT");
    addIf(names, ecx, 26, "XSAVE");
    addIf(names, ecx, 28, "AVX");
    addIf(names, ecx, 30, "RDRAND");
    addIf(names, edx, 4, "TSC");
    addIf(names, edx, 9, "APIC");
    addIf(names, ebx, 11, "RTM");
    addIf(names, ebx, 18, "RDSEED");
    addIf(names, ebx, 20, "SMAP");
    return names;
  }

  private static void addIf(List<String> names, int value, int bit, String name) {
    if ((value >>> bit & 1) != 0) {
      names.add(name);
    }
  }
}
