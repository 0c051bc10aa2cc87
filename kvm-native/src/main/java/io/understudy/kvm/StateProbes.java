package io.understudy.kvm;

import static io.understudy.kvm.Probe.check;

import io.understudy.kvm.Probe.Finding;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Dirty log, and moving a guest to another virtual machine. */
final class StateProbes {
  static final List<Probe> ALL =
      List.of(
          new Probe("dirty log", true, StateProbes::dirtyLog),
          new Probe("save and restore", true, StateProbes::saveAndRestore));

  private static final int EXITS_BEFORE = 51;
  private static final int EXITS_AFTER = 300;

  /** Random walk over memory: mixes port input into it and tells its state at a port. */
  private static final int[] WALK = {
    0xB8,
    0x39,
    0x30,
    0,
    0, // mov eax,12345
    0xBB,
    0,
    0,
    2,
    0, // mov ebx,0x20000
    0x69,
    0xC0,
    0x6D,
    0x4E,
    0xC6,
    0x41, // loop: imul eax,eax,1103515245
    0x05,
    0x39,
    0x30,
    0,
    0, // add eax,12345
    0x89,
    0x03, // mov [rbx],eax
    0x83,
    0xC3,
    0x58, // add ebx,88
    0x81,
    0xE3,
    0xFF,
    0xFF,
    1,
    0, // and ebx,0x1ffff
    0x81,
    0xCB,
    0,
    0,
    2,
    0, // or ebx,0x20000
    0xE4,
    0x10, // in al,0x10
    0x30,
    0x03, // xor [rbx],al
    0xE7,
    0x11, // out 0x11,eax
    0xEB,
    0xDC // jmp loop
  };

  private StateProbes() {}

  private static Finding dirtyLog(Kvm kvm) {
    // mov [0x20000],eax; out 0x10,al; mov [0x33000],eax; hlt
    try (ProbeGuest guest =
        ProbeGuest.start(
            kvm, 0x89, 0x04, 0x25, 0, 0, 2, 0, 0xE6, 0x10, 0x89, 0x04, 0x25, 0, 0x30, 3, 0, 0xF4)) {
      long[] bitmap = new long[GuestMemory.bitmapWords(guest.memory().pageCount())];
      guest.vm().readDirtyLog(guest.memory(), bitmap);
      guest.run(Probe.TIMEOUT);
      guest.vm().readDirtyLog(guest.memory(), bitmap);
      checkDirty(bitmap, 0x20);
      guest.run(Probe.TIMEOUT);
      guest.vm().readDirtyLog(guest.memory(), bitmap);
      checkDirty(bitmap, 0x33);
      guest.vm().readDirtyLog(guest.memory(), bitmap);
      check(Arrays.stream(bitmap).allMatch(word -> word == 0), "pages without a write are listed");
      return Finding.works("lists each written page once");
    }
  }

  /**
   * Pages of the guest's page tables may be listed, too: the processor marks entries as accessed.
   */
  private static void checkDirty(long[] bitmap, int page) {
    long firstDataPage = 0x20;
    check(
        bitmap[0] >>> firstDataPage == 1L << (page - firstDataPage),
        "pages listed: expected=only "
            + Probe.hex(page)
            + " actual bitmap="
            + Probe.hex(bitmap[0]));
  }

  private static Finding saveAndRestore(Kvm kvm) {
    try (ProbeGuest first = ProbeGuest.start(kvm, WALK);
        ProbeGuest second = ProbeGuest.empty(kvm, kvm.supportedCpuid())) {
      walk(first, EXITS_BEFORE, 0);
      VcpuState state = first.vcpu().save();
      second.copyMemoryFrom(first);
      second.vcpu().restore(state);
      check(second.vcpu().save().equals(state), "the restored state reads back differently");
      List<RegisterValues> expected = walk(first, EXITS_AFTER, EXITS_BEFORE);
      List<RegisterValues> actual = walk(second, EXITS_AFTER, EXITS_BEFORE);
      for (int i = 0; i < EXITS_AFTER; i++) {
        check(
            expected.get(i).equals(actual.get(i)),
            "registers differ " + i + " exits later: " + expected.get(i) + " / " + actual.get(i));
      }
      check(Arrays.equals(first.memoryBytes(), second.memoryBytes()), "memory differs");
      check(first.vcpu().save().equals(second.vcpu().save()), "the final state differs");
      return Finding.works(
          "a second virtual machine is identical after "
              + EXITS_AFTER
              + " exits; "
              + state.msrs().size()
              + " MSRs");
    }
  }

  private static List<RegisterValues> walk(ProbeGuest guest, int exits, int firstExit) {
    List<RegisterValues> trace = new ArrayList<>();
    for (int i = 0; i < exits; i++) {
      if (guest.run(Probe.TIMEOUT) instanceof VcpuExit.PortIn) {
        guest.vcpu().answerPortIn((firstExit + i) * 31);
      }
      guest.vcpu().complete();
      trace.add(guest.vcpu().registers().values());
    }
    return trace;
  }
}
