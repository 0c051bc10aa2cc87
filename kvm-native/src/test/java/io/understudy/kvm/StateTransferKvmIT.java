package io.understudy.kvm;

import static io.understudy.kvm.ProbeGuest.CODE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A saved vCPU continues in another virtual machine as if nothing had happened. */
@RequiresKvm
class StateTransferKvmIT {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);
  private static final int EXITS = 1000;
  private static final int EXITS_BEFORE = 137;

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

  private Kvm kvm;

  @BeforeEach
  void open() {
    kvm = Kvm.open();
  }

  @AfterEach
  void close() {
    kvm.close();
  }

  @Test
  void continuesIdentically_whenRestoredInSecondMachine() {
    try (ProbeGuest first = ProbeGuest.start(kvm, WALK);
        ProbeGuest second = ProbeGuest.empty(kvm, kvm.supportedCpuid())) {
      // given
      walk(first, EXITS_BEFORE, 0);
      VcpuState state = first.vcpu().save();

      // when
      second.copyMemoryFrom(first);
      second.vcpu().restore(state);

      // then
      assertThat(second.vcpu().save()).isEqualTo(state);
      List<String> future = walk(first, EXITS, EXITS_BEFORE);
      assertThat(future).doesNotHaveDuplicates();
      assertThat(walk(second, EXITS, EXITS_BEFORE)).isEqualTo(future);
      assertThat(second.memoryBytes()).isEqualTo(first.memoryBytes());
      assertThat(second.vcpu().save()).isEqualTo(first.vcpu().save());
    }
  }

  private static List<String> walk(ProbeGuest guest, int exits, int firstExit) {
    List<String> trace = new ArrayList<>();
    for (int i = 0; i < exits; i++) {
      VcpuExit exit = guest.run(TIMEOUT);
      if (exit instanceof VcpuExit.PortIn) {
        guest.vcpu().answerPortIn((firstExit + i) * 31);
      }
      guest.vcpu().complete();
      trace.add(i + " " + exit + " " + guest.vcpu().registers().values());
    }
    return trace;
  }

  @Test
  void carriesFloatingPointState() {
    // given: fxrstor64 [DATA]; out 0x10,al; fxsave64 [DATA+0x200]; hlt
    int[] code = {
      0x48, 0x0F, 0xAE, 0x0C, 0x25, 0, 0x70, 0, 0, 0xE6, 0x10, 0x48, 0x0F, 0xAE, 0x04, 0x25, 0,
      0x72, 0, 0, 0xF4
    };
    try (ProbeGuest first = startWithSse(code);
        ProbeGuest second = ProbeGuest.empty(kvm, kvm.supportedCpuid())) {
      byte[] image = new byte[512];
      image[0] = 0x7F; // FCW with round-up
      image[1] = 0x0B;
      image[24] = (byte) 0x80; // MXCSR with round-down
      image[25] = 0x3F;
      for (int i = 160; i < 416; i++) {
        image[i] = (byte) (i * 7);
      }
      first.memory().write(ProbeGuest.DATA, image, 0, image.length);
      assertThat(first.run(TIMEOUT)).isInstanceOf(VcpuExit.PortOut.class);
      first.vcpu().complete();

      // when
      VcpuState state = first.vcpu().save();
      second.copyMemoryFrom(first);
      second.vcpu().restore(state);

      // then
      assertThat(first.run(TIMEOUT)).isEqualTo(new VcpuExit.Halt());
      assertThat(second.run(TIMEOUT)).isEqualTo(new VcpuExit.Halt());
      byte[] seen = new byte[512];
      second.memory().read(ProbeGuest.DATA + 0x200, seen, 0, seen.length);
      assertThat(Arrays.copyOfRange(seen, 160, 416)).isEqualTo(Arrays.copyOfRange(image, 160, 416));
      assertThat(Arrays.copyOfRange(seen, 0, 2)).containsExactly(0x7F, 0x0B);
      assertThat(Arrays.copyOfRange(seen, 24, 26)).containsExactly(0x80, 0x3F);
      assertThat(second.memoryBytes()).isEqualTo(first.memoryBytes());
    }
  }

  private ProbeGuest startWithSse(int... code) {
    ProbeGuest guest = ProbeGuest.start(kvm, code);
    SpecialRegisterValues now = guest.vcpu().specialRegisters().values();
    long osfxsr = 0x200;
    guest.vcpu().setSpecialRegisters(now.toBuilder().cr4(now.cr4() | osfxsr).build());
    return guest;
  }

  @Test
  void carriesSystemRegisters() {
    // given: mov ecx,0xc0000082; mov eax,0x1234; mov edx,0; wrmsr; mov rax,5; mov cr8,rax;
    //        mov ecx,0x2ff; mov eax,0xc06; xor edx,edx; wrmsr; out 0x10,al; mov rax,cr8; hlt
    int[] code = {
      0xB9, 0x82, 0, 0, 0xC0, 0xB8, 0x34, 0x12, 0, 0, 0xBA, 0, 0, 0, 0, 0x0F, 0x30, 0xB8, 5, 0, 0,
      0, 0x44, 0x0F, 0x22, 0xC0, 0xB9, 0xFF, 2, 0, 0, 0xB8, 0x06, 0x0C, 0, 0, 0x31, 0xD2, 0x0F,
      0x30, 0xE6, 0x10, 0x44, 0x0F, 0x20, 0xC0, 0xF4
    };
    try (ProbeGuest first = ProbeGuest.start(kvm, code);
        ProbeGuest second = ProbeGuest.empty(kvm, kvm.supportedCpuid())) {
      assertThat(first.run(TIMEOUT)).isInstanceOf(VcpuExit.PortOut.class);
      first.vcpu().complete();

      // when
      VcpuState state = first.vcpu().save();
      second.copyMemoryFrom(first);
      second.vcpu().restore(state);

      // then
      assertThat(state.msrs()).containsEntry(0xC0000082, 0x1234L).containsEntry(0x2FF, 0xC06L);
      assertThat(second.vcpu().save()).isEqualTo(state);
      assertThat(second.run(TIMEOUT)).isEqualTo(new VcpuExit.Halt());
      assertThat(second.vcpu().registers().rax()).isEqualTo(5);
    }
  }

  @Test
  void carriesInterruptThatWasQueued() {
    // given: sti; nop; in al,0x10; jmp self; handler: out 0x77,al; hlt
    int[] code = {0xFB, 0x90, 0xE4, 0x10, 0xEB, 0xFE};
    try (ProbeGuest first = ProbeGuest.start(kvm, code);
        ProbeGuest second = ProbeGuest.empty(kvm, kvm.supportedCpuid())) {
      first.gate(0x20, ProbeGuest.HANDLERS);
      first.put(ProbeGuest.HANDLERS, 0xE6, 0x77, 0xF4);
      first.run(TIMEOUT);
      first.vcpu().answerPortIn(3);
      first.vcpu().complete();
      first.vcpu().interrupt(0x20);

      // when
      VcpuState state = first.vcpu().save();
      second.copyMemoryFrom(first);
      second.vcpu().restore(state);

      // then
      assertThat(second.run(TIMEOUT)).isEqualTo(new VcpuExit.PortOut(0x77, 1, 1, new byte[] {3}));
      assertThat(first.run(TIMEOUT)).isEqualTo(new VcpuExit.PortOut(0x77, 1, 1, new byte[] {3}));
    }
  }

  @Test
  void savesChangedRegisters_beforeTheyReachedTheKernel() {
    try (ProbeGuest guest = ProbeGuest.start(kvm, 0xE6, 0x10, 0xF4)) {
      guest.run(TIMEOUT);
      guest.vcpu().complete();
      guest.vcpu().setRegister(Registers.RBX, 77);

      VcpuState state = guest.vcpu().save();

      assertThat(state.registers()[Registers.RBX * Long.BYTES]).isEqualTo((byte) 77);
      assertThat(guest.run(TIMEOUT)).isEqualTo(new VcpuExit.Halt());
      assertThat(guest.vcpu().registers().rbx()).isEqualTo(77);
      assertThat(guest.vcpu().registers().rip()).isEqualTo(CODE + 3);
    }
  }

  @Test
  void namesTheRegister_whenKernelRefusesIt() {
    try (ProbeGuest guest = ProbeGuest.start(kvm, 0xF4)) {
      VcpuState state = guest.vcpu().save();
      TreeMap<Integer, Long> msrs = new TreeMap<>(state.msrs());
      msrs.put(0x9999, 1L); // no such register
      VcpuState wrong =
          new VcpuState(
              state.registers(),
              state.specialRegisters(),
              state.fpu(),
              state.debugRegisters(),
              msrs,
              state.events(),
              state.mpState());

      assertThatThrownBy(() -> guest.vcpu().restore(wrong))
          .isInstanceOf(KvmException.class)
          .hasMessageContaining("KVM_SET_MSRS")
          .hasMessageContaining("refusedMsr=0x9999");
    }
  }

  /** KVM hands out what it delivered last; a host's page faults decide what that is. */
  @Test
  void forgetsWhatIsDelivered() {
    try (ProbeGuest guest = ProbeGuest.start(kvm, 0xF4)) {
      VcpuState clean = guest.vcpu().save();
      byte[] events = clean.events();
      events[Layout.Events.EXCEPTION_NR] = 14;
      events[Layout.Events.EXCEPTION_HAS_ERROR_CODE] = 1;
      events[Layout.Events.EXCEPTION_ERROR_CODE] = 2;
      events[Layout.Events.INTERRUPT_NR] = 0x30;

      guest.vcpu().restore(withEvents(clean, events));

      assertThat(guest.vcpu().save()).isEqualTo(clean);
    }
  }

  @Test
  void keepsWhatIsBeingDelivered() {
    try (ProbeGuest guest = ProbeGuest.start(kvm, 0xF4)) {
      VcpuState state = guest.vcpu().save();
      byte[] events = state.events();
      events[Layout.Events.EXCEPTION_INJECTED] = 1;
      events[Layout.Events.EXCEPTION_NR] = 14;
      events[Layout.Events.EXCEPTION_HAS_ERROR_CODE] = 1;
      events[Layout.Events.EXCEPTION_ERROR_CODE] = 2;

      guest.vcpu().restore(withEvents(state, events));

      assertThat(guest.vcpu().save().events()).isEqualTo(events);
    }
  }

  private static VcpuState withEvents(VcpuState state, byte[] events) {
    return new VcpuState(
        state.registers(),
        state.specialRegisters(),
        state.fpu(),
        state.debugRegisters(),
        state.msrs(),
        events,
        state.mpState());
  }
}
