package io.understudy.kvm;

import static io.understudy.kvm.Probe.check;
import static io.understudy.kvm.Probe.expect;
import static io.understudy.kvm.Probe.hex;
import static io.understudy.kvm.ProbeGuest.CODE;

import io.understudy.kvm.Probe.Finding;
import java.util.List;

/** Stepping and breakpoints at privilege level 0. */
final class DebugProbes {
  static final Probe SINGLE_STEP = new Probe("single-step", false, DebugProbes::singleStep);
  static final Probe BREAKPOINTS =
      new Probe("hardware breakpoints", false, DebugProbes::breakpoints);
  static final List<Probe> ALL = List.of(SINGLE_STEP, BREAKPOINTS);

  private DebugProbes() {}

  private static Finding singleStep(Kvm kvm) {
    // nop; inc rbx; nop; inc rbx; hlt
    int[] ends = {1, 4, 5, 8};
    try (ProbeGuest guest =
        ProbeGuest.start(kvm, 0x90, 0x48, 0xFF, 0xC3, 0x90, 0x48, 0xFF, 0xC3, 0xF4)) {
      guest.vcpu().setGuestDebug(GuestDebug.singleStep());
      for (int end : ends) {
        VcpuExit.Debug step = expect(VcpuExit.Debug.class, guest.run(Probe.TIMEOUT));
        check(
            step.pc() == CODE + end,
            "stopped at: expected=" + hex(CODE + end) + " actual=" + hex(step.pc()));
      }
      check(guest.vcpu().registers().rbx() == 2, "instructions were lost");
      VcpuExit overHalt = guest.run(Probe.TIMEOUT);
      return Finding.works(
          ends.length
              + " steps exact; a step over HLT gives "
              + (overHalt instanceof VcpuExit.Halt ? "the HLT exit" : overHalt.toString()));
    }
  }

  private static Finding breakpoints(Kvm kvm) {
    // inc rbx; inc rbx; inc rbx; hlt
    long address = CODE + 6;
    try (ProbeGuest guest =
        ProbeGuest.start(kvm, 0x48, 0xFF, 0xC3, 0x48, 0xFF, 0xC3, 0x48, 0xFF, 0xC3, 0xF4)) {
      guest.vcpu().setGuestDebug(GuestDebug.hardwareBreakpoints(address));
      VcpuExit exit = guest.run(Probe.TIMEOUT);
      if (exit instanceof VcpuExit.Halt) {
        return Finding.broken("accepted, but the guest ran past it");
      }
      VcpuExit.Debug hit = expect(VcpuExit.Debug.class, exit);
      check(hit.pc() == address, "hit at: expected=" + hex(address) + " actual=" + hex(hit.pc()));
      check(guest.vcpu().registers().rbx() == 2, "not before the instruction");
      guest.vcpu().setGuestDebug(GuestDebug.none());
      expect(VcpuExit.Halt.class, guest.run(Probe.TIMEOUT));
      return Finding.works("exact, before the instruction");
    }
  }
}
