package io.understudy.kvm;

import static io.understudy.kvm.Probe.check;
import static io.understudy.kvm.Probe.expect;
import static io.understudy.kvm.Probe.hex;
import static io.understudy.kvm.ProbeGuest.CODE;

import io.understudy.kvm.Probe.Finding;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Device accesses, completion, registers at exits, kicks. */
final class ExitProbes {
  static final Probe KICK = new Probe("kick", true, ExitProbes::kick);

  static final List<Probe> ALL =
      List.of(
          new Probe("port exits", true, ExitProbes::ports),
          new Probe("memory-mapped exits", true, ExitProbes::mmio),
          new Probe("HLT exits", true, ExitProbes::halt),
          new Probe("completion", true, ExitProbes::completion),
          new Probe("synchronised registers", true, ExitProbes::synchronisedRegisters),
          new Probe("REP INS", false, ExitProbes::repIns),
          new Probe("REP OUTS", false, ExitProbes::repOuts));

  private static final int KICKS = 20;
  private static final int BLOCK = 100;

  private ExitProbes() {}

  private static Finding kick(Kvm kvm) {
    try (ProbeGuest guest = ProbeGuest.start(kvm, 0xEB, 0xFE)) { // jmp self
      Vcpu vcpu = guest.vcpu();
      vcpu.kick();
      expect(VcpuExit.Interrupted.class, vcpu.run());
      try (KickTimer timer = KickTimer.start(vcpu, Duration.ofMillis(1), Duration.ofMillis(1))) {
        for (int i = 0; i < KICKS; i++) {
          expect(VcpuExit.Interrupted.class, vcpu.run());
        }
        return Finding.works(
            "a kick before entry and "
                + KICKS
                + " kicks while running ("
                + timer.kicks()
                + " sent)");
      }
    }
  }

  private static Finding ports(Kvm kvm) {
    // in al,0x10; out 0x11,al; hlt
    try (ProbeGuest guest = ProbeGuest.start(kvm, 0xE4, 0x10, 0xE6, 0x11, 0xF4)) {
      VcpuExit.PortIn in = expect(VcpuExit.PortIn.class, guest.run(Probe.TIMEOUT));
      check(in.equals(new VcpuExit.PortIn(0x10, 1, 1)), "wrong exit: " + in);
      long ripAtIn = guest.vcpu().registers().rip() - CODE;
      guest.vcpu().answerPortIn(0x5A);
      VcpuExit.PortOut out = expect(VcpuExit.PortOut.class, guest.run(Probe.TIMEOUT));
      check(out.port() == 0x11 && out.value() == 0x5A, "wrong exit: " + out);
      long ripAtOut = guest.vcpu().registers().rip() - CODE;
      return Finding.works(
          "at an IN exit RIP is "
              + (ripAtIn == 0 ? "at" : "past")
              + " the instruction, at an OUT exit "
              + (ripAtOut == 2 ? "at" : "past")
              + " it");
    }
  }

  private static Finding mmio(Kvm kvm) {
    // mov ebx,MMIO; mov eax,[rbx+8]; add eax,1; mov [rbx+16],eax; hlt
    try (ProbeGuest guest =
        ProbeGuest.start(
            kvm, 0xBB, 0, 0, 0x40, 0, 0x8B, 0x43, 8, 0x83, 0xC0, 1, 0x89, 0x43, 16, 0xF4)) {
      VcpuExit.MmioRead read = expect(VcpuExit.MmioRead.class, guest.run(Probe.TIMEOUT));
      check(read.equals(new VcpuExit.MmioRead(ProbeGuest.MMIO + 8, 4)), "wrong exit: " + read);
      guest.vcpu().answerMmioRead(0xCAFE0000L);
      VcpuExit write = guest.run(Probe.TIMEOUT);
      check(
          write.equals(new VcpuExit.MmioWrite(ProbeGuest.MMIO + 16, 4, 0xCAFE0001L)),
          "wrong exit: " + write);
      expect(VcpuExit.Halt.class, guest.run(Probe.TIMEOUT));
      return Finding.works("a 4-byte read and a 4-byte write");
    }
  }

  private static Finding halt(Kvm kvm) {
    // hlt; mov al,1; hlt
    try (ProbeGuest guest = ProbeGuest.start(kvm, 0xF4, 0xB0, 1, 0xF4)) {
      expect(VcpuExit.Halt.class, guest.run(Probe.TIMEOUT));
      check(
          guest.vcpu().registers().rip() == CODE + 1,
          "RIP at the exit: " + hex(guest.vcpu().registers().rip()));
      expect(VcpuExit.Halt.class, guest.run(Probe.TIMEOUT));
      check(guest.vcpu().registers().rax() == 1, "the guest did not continue after HLT");
      return Finding.works("RIP past the instruction; running again continues");
    }
  }

  private static Finding completion(Kvm kvm) {
    // in al,0x10; inc rbx; hlt
    try (ProbeGuest guest = ProbeGuest.start(kvm, 0xE4, 0x10, 0x48, 0xFF, 0xC3, 0xF4)) {
      expect(VcpuExit.PortIn.class, guest.run(Probe.TIMEOUT));
      guest.vcpu().answerPortIn(0x5A);
      guest.vcpu().complete();
      Registers registers = guest.vcpu().registers();
      check(registers.rip() == CODE + 2, "RIP after completion: " + hex(registers.rip()));
      check(registers.rax() == 0x5A, "RAX after completion: " + hex(registers.rax()));
      check(registers.rbx() == 0, "the next instruction was executed, too");
      return Finding.works("immediate_exit finishes an IN and executes nothing else");
    }
  }

  private static Finding synchronisedRegisters(Kvm kvm) {
    // mov ecx,7; out 0x10,al; out 0x11,eax; hlt
    try (ProbeGuest guest = ProbeGuest.start(kvm, 0xB9, 7, 0, 0, 0, 0xE6, 0x10, 0xE7, 0x11, 0xF4)) {
      Vcpu vcpu = guest.vcpu();
      expect(VcpuExit.PortOut.class, guest.run(Probe.TIMEOUT));
      vcpu.complete();
      check(vcpu.registers().rcx() == 7, "RCX in the view: " + hex(vcpu.registers().rcx()));
      RegisterValues seen = vcpu.registers().values();
      SpecialRegisterValues seenSpecial = vcpu.specialRegisters().values();
      vcpu.refreshRegisters();
      check(
          seen.equals(vcpu.registers().values())
              && seenSpecial.equals(vcpu.specialRegisters().values()),
          "the view differs from KVM_GET_REGS: view="
              + seen
              + " read="
              + vcpu.registers().values());
      vcpu.setRegister(Registers.RAX, 0x12345678L);
      VcpuExit.PortOut out = expect(VcpuExit.PortOut.class, guest.run(Probe.TIMEOUT));
      check(out.value() == 0x12345678L, "the guest did not see the changed RAX: " + out);
      return Finding.works("equal to KVM_GET_REGS and KVM_GET_SREGS; a change reaches the guest");
    }
  }

  private static Finding repIns(Kvm kvm) {
    // mov edi,DATA; mov ecx,100; mov edx,0x40; cld; rep insb; hlt
    try (ProbeGuest guest =
        ProbeGuest.start(
            kvm, 0xBF, 0x00, 0x70, 0, 0, 0xB9, BLOCK, 0, 0, 0, 0xBA, 0x40, 0, 0, 0, 0xFC, 0xF3,
            0x6C, 0xF4)) {
      byte[] sent = pattern();
      List<Integer> counts = new ArrayList<>();
      int at = 0;
      VcpuExit exit = guest.run(Probe.TIMEOUT);
      while (exit instanceof VcpuExit.PortIn in && at < BLOCK) {
        counts.add(in.count());
        guest.vcpu().answerPortIn(Arrays.copyOfRange(sent, at, at + in.size() * in.count()));
        at += in.size() * in.count();
        exit = guest.run(Probe.TIMEOUT);
      }
      expect(VcpuExit.Halt.class, exit);
      byte[] received = new byte[BLOCK];
      guest.memory().read(ProbeGuest.DATA, received, 0, BLOCK);
      check(Arrays.equals(received, sent), "the guest received other bytes");
      return Finding.works(BLOCK + " bytes in " + describe(counts));
    }
  }

  private static Finding repOuts(Kvm kvm) {
    // mov esi,DATA; mov ecx,100; mov edx,0x41; cld; rep outsb; hlt
    try (ProbeGuest guest =
        ProbeGuest.start(
            kvm, 0xBE, 0x00, 0x70, 0, 0, 0xB9, BLOCK, 0, 0, 0, 0xBA, 0x41, 0, 0, 0, 0xFC, 0xF3,
            0x6E, 0xF4)) {
      byte[] sent = pattern();
      guest.memory().write(ProbeGuest.DATA, sent, 0, sent.length);
      List<Integer> counts = new ArrayList<>();
      ByteArrayOutputStream received = new ByteArrayOutputStream();
      VcpuExit exit = guest.run(Probe.TIMEOUT);
      while (exit instanceof VcpuExit.PortOut out && received.size() < BLOCK) {
        counts.add(out.count());
        received.writeBytes(out.data());
        guest.vcpu().complete();
        exit = guest.run(Probe.TIMEOUT);
      }
      expect(VcpuExit.Halt.class, exit);
      check(Arrays.equals(received.toByteArray(), sent), "the guest sent other bytes");
      return Finding.works(BLOCK + " bytes in " + describe(counts));
    }
  }

  private static byte[] pattern() {
    byte[] bytes = new byte[BLOCK];
    for (int i = 0; i < BLOCK; i++) {
      bytes[i] = (byte) (i * 37 + 5);
    }
    return bytes;
  }

  private static String describe(List<Integer> counts) {
    return counts.size()
        + " exits, at most "
        + counts.stream().mapToInt(Integer::intValue).max().orElse(0)
        + " elements each";
  }
}
