package io.understudy.kvm;

import static io.understudy.kvm.Probe.check;
import static io.understudy.kvm.Probe.expect;
import static io.understudy.kvm.Probe.hex;
import static io.understudy.kvm.ProbeGuest.CODE;
import static io.understudy.kvm.ProbeGuest.DATA;

import io.understudy.kvm.Probe.Finding;
import java.util.List;

/** External interrupts at exits, and how exactly the window for them is reported. */
final class InterruptProbes {
  static final Probe WINDOW = new Probe("interrupt window", false, InterruptProbes::window);
  static final List<Probe> ALL =
      List.of(new Probe("interrupts at exits", true, InterruptProbes::delivery), WINDOW);

  private static final int VECTOR = 0x30;

  /** Stores the interrupted RIP in DATA+8 and counts in DATA: push [rsp]; pop; inc; iretq. */
  private static final int[] HANDLER = {
    0xFF, 0x34, 0x24, 0x8F, 0x04, 0x25, 8, 0x70, 0, 0, 0x48, 0xFF, 0x04, 0x25, 0, 0x70, 0, 0, 0x48,
    0xCF
  };

  private InterruptProbes() {}

  private static Finding delivery(Kvm kvm) {
    // sti; nop; in al,0x10; out 0x11,al; hlt; out 0x12,al
    try (ProbeGuest guest =
        ProbeGuest.start(kvm, 0xFB, 0x90, 0xE4, 0x10, 0xE6, 0x11, 0xF4, 0xE6, 0x12)) {
      guest.gate(VECTOR, ProbeGuest.HANDLERS);
      guest.put(ProbeGuest.HANDLERS, HANDLER);
      Vcpu vcpu = guest.vcpu();

      expect(VcpuExit.PortIn.class, guest.run(Probe.TIMEOUT));
      vcpu.answerPortIn(1);
      interrupt(vcpu, "IN");

      expect(VcpuExit.PortOut.class, guest.run(Probe.TIMEOUT));
      checkDelivered(guest, 1, CODE + 4, "IN");
      interrupt(vcpu, "OUT");

      expect(VcpuExit.Halt.class, guest.run(Probe.TIMEOUT));
      checkDelivered(guest, 2, CODE + 6, "OUT");
      interrupt(vcpu, "HLT");

      expect(VcpuExit.PortOut.class, guest.run(Probe.TIMEOUT));
      checkDelivered(guest, 3, CODE + 7, "HLT");
      return Finding.works("taken right after the instruction at IN, OUT and HLT");
    }
  }

  private static void interrupt(Vcpu vcpu, String where) {
    vcpu.complete();
    check(vcpu.readyForInterrupt(), "not ready for an interrupt after " + where);
    vcpu.interrupt(VECTOR);
  }

  private static void checkDelivered(ProbeGuest guest, long count, long rip, String where) {
    check(
        guest.memory().readLong(DATA) == count,
        "interrupts taken after " + where + ": " + guest.memory().readLong(DATA));
    check(
        guest.memory().readLong(DATA + 8) == rip,
        "interrupted at: expected="
            + hex(rip)
            + " actual="
            + hex(guest.memory().readLong(DATA + 8)));
  }

  private static Finding window(Kvm kvm) {
    // in al,0x10; sti; nop; nop; out 0x11,al; hlt
    try (ProbeGuest guest = ProbeGuest.start(kvm, 0xE4, 0x10, 0xFB, 0x90, 0x90, 0xE6, 0x11, 0xF4)) {
      expect(VcpuExit.PortIn.class, guest.run(Probe.TIMEOUT));
      guest.vcpu().answerPortIn(0);
      guest.vcpu().requestInterruptWindow(true);
      VcpuExit exit = guest.run(Probe.TIMEOUT);
      long rip = guest.vcpu().registers().rip() - CODE;
      if (exit instanceof VcpuExit.InterruptWindowOpen) {
        return rip == 4
            ? Finding.works("opens after the one instruction that STI shadows")
            : Finding.limited("opens " + (rip - 3) + " bytes after STI, exact would be 1");
      }
    }
    return Finding.limited(
        "not reported before an OUT 2 instructions after STI; " + windowDelay(kvm));
  }

  private static String windowDelay(Kvm kvm) {
    // in al,0x10; sti; inc rbx; jmp back
    try (ProbeGuest guest = ProbeGuest.start(kvm, 0xE4, 0x10, 0xFB, 0x48, 0xFF, 0xC3, 0xEB, 0xFB)) {
      expect(VcpuExit.PortIn.class, guest.run(Probe.TIMEOUT));
      guest.vcpu().answerPortIn(0);
      guest.vcpu().requestInterruptWindow(true);
      expect(VcpuExit.InterruptWindowOpen.class, guest.run(Probe.TIMEOUT));
      long instructions = 2 * guest.vcpu().registers().rbx();
      return "without exits it opens about " + instructions + " instructions after STI";
    }
  }
}
