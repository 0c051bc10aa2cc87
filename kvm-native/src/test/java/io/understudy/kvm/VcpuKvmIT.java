package io.understudy.kvm;

import static io.understudy.kvm.ProbeGuest.CODE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Exits, answers and completion on the real device. */
@RequiresKvm
class VcpuKvmIT {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

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
  void addsNumbersReadFromPorts() {
    // given: in al,0x10; mov bl,al; in al,0x11; add al,bl; out 0x12,al; hlt
    try (ProbeGuest guest =
        ProbeGuest.start(kvm, 0xE4, 0x10, 0x88, 0xC3, 0xE4, 0x11, 0x00, 0xD8, 0xE6, 0x12, 0xF4)) {
      // when
      assertThat(guest.run(TIMEOUT)).isEqualTo(new VcpuExit.PortIn(0x10, 1, 1));
      guest.vcpu().answerPortIn(17);
      assertThat(guest.run(TIMEOUT)).isEqualTo(new VcpuExit.PortIn(0x11, 1, 1));
      guest.vcpu().answerPortIn(25);

      // then
      assertThat(guest.run(TIMEOUT)).isEqualTo(new VcpuExit.PortOut(0x12, 1, 1, new byte[] {42}));
      assertThat(guest.run(TIMEOUT)).isEqualTo(new VcpuExit.Halt());
      assertThat(guest.vcpu().registers().rip()).isEqualTo(CODE + 11);
      assertThat(guest.vcpu().registers().rbx()).isEqualTo(17);
    }
  }

  @Test
  void readsBlock_whenGuestUsesRepIns() {
    // given: mov edi,DATA; mov ecx,7; mov edx,0x40; cld; rep insb; hlt
    try (ProbeGuest guest =
        ProbeGuest.start(
            kvm, 0xBF, 0x00, 0x70, 0, 0, 0xB9, 7, 0, 0, 0, 0xBA, 0x40, 0, 0, 0, 0xFC, 0xF3, 0x6C,
            0xF4)) {
      // when
      byte[] sent = {3, 1, 4, 1, 5, 9, 2};
      int at = 0;
      int largest = 0;
      VcpuExit exit = guest.run(TIMEOUT);
      while (exit instanceof VcpuExit.PortIn in) {
        assertThat(in.port()).isEqualTo(0x40);
        byte[] part = Arrays.copyOfRange(sent, at, at + in.size() * in.count());
        at += part.length;
        largest = Math.max(largest, in.count());
        assertThatThrownBy(() -> guest.vcpu().answerPortIn(new byte[100]))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("expected=" + part.length + " actual=100");
        guest.vcpu().answerPortIn(part);
        exit = guest.run(TIMEOUT);
      }

      // then
      assertThat(exit).isEqualTo(new VcpuExit.Halt());
      byte[] received = new byte[7];
      guest.memory().read(ProbeGuest.DATA, received, 0, 7);
      assertThat(received).isEqualTo(sent);
      assertThat(largest).isGreaterThan(1);
    }
  }

  @Test
  void writesBlock_whenGuestUsesRepOuts() {
    // given: mov esi,DATA; mov ecx,3; mov edx,0x41; cld; rep outsb; hlt
    try (ProbeGuest guest =
        ProbeGuest.start(
            kvm, 0xBE, 0x00, 0x70, 0, 0, 0xB9, 3, 0, 0, 0, 0xBA, 0x41, 0, 0, 0, 0xFC, 0xF3, 0x6E,
            0xF4)) {
      guest.put(ProbeGuest.DATA, 10, 20, 30);

      // when
      ByteArrayOutputStream received = new ByteArrayOutputStream();
      VcpuExit exit = guest.run(TIMEOUT);
      while (exit instanceof VcpuExit.PortOut out) {
        received.writeBytes(out.data());
        guest.vcpu().complete();
        exit = guest.run(TIMEOUT);
      }

      // then
      assertThat(exit).isEqualTo(new VcpuExit.Halt());
      assertThat(received.toByteArray()).containsExactly(10, 20, 30);
    }
  }

  @Test
  void completesPortInput_withoutRunningFurther() {
    // given: in al,0x10; inc rbx; hlt
    try (ProbeGuest guest = ProbeGuest.start(kvm, 0xE4, 0x10, 0x48, 0xFF, 0xC3, 0xF4)) {
      Vcpu vcpu = guest.vcpu();
      guest.run(TIMEOUT);
      assertThat(vcpu.isAccessIncomplete()).isTrue();
      assertThat(vcpu.registers().rax()).isZero();

      // when
      vcpu.answerPortIn(0x5A);
      vcpu.complete();

      // then
      assertThat(vcpu.isAccessIncomplete()).isFalse();
      assertThat(vcpu.registers().rip()).isEqualTo(CODE + 2);
      assertThat(vcpu.registers().rax()).isEqualTo(0x5A);
      assertThat(vcpu.registers().rbx()).isZero();
      vcpu.complete();
      assertThat(vcpu.registers().rip()).isEqualTo(CODE + 2);
      assertThat(guest.run(TIMEOUT)).isEqualTo(new VcpuExit.Halt());
      assertThat(vcpu.registers().rbx()).isEqualTo(1);
    }
  }

  @Test
  void completesPortOutput_withRipPastTheInstruction() {
    // given: mov al,7; out 0x10,al; hlt
    try (ProbeGuest guest = ProbeGuest.start(kvm, 0xB0, 7, 0xE6, 0x10, 0xF4)) {
      // when
      guest.run(TIMEOUT);
      guest.vcpu().complete();

      // then
      assertThat(guest.vcpu().registers().rip()).isEqualTo(CODE + 4);
    }
  }

  @Test
  void refusesToGoOn_whenAnswerIsMissing() {
    try (ProbeGuest guest = ProbeGuest.start(kvm, 0xE4, 0x10, 0xF4)) {
      guest.run(TIMEOUT);

      assertThatThrownBy(() -> guest.vcpu().run())
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("waits for an answer");
      assertThatThrownBy(() -> guest.vcpu().complete()).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() -> guest.vcpu().answerMmioRead(1))
          .isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() -> guest.vcpu().save())
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("complete()");
    }
  }

  @Test
  void readsAndWritesUnbackedMemory() {
    // given: mov ebx,MMIO; mov eax,[rbx+8]; add eax,1; mov [rbx+16],eax; hlt
    try (ProbeGuest guest =
        ProbeGuest.start(
            kvm, 0xBB, 0, 0, 0x40, 0, 0x8B, 0x43, 8, 0x83, 0xC0, 1, 0x89, 0x43, 16, 0xF4)) {
      // when
      assertThat(guest.run(TIMEOUT)).isEqualTo(new VcpuExit.MmioRead(ProbeGuest.MMIO + 8, 4));
      guest.vcpu().answerMmioRead(0xCAFE0000L);

      // then
      assertThat(guest.run(TIMEOUT))
          .isEqualTo(new VcpuExit.MmioWrite(ProbeGuest.MMIO + 16, 4, 0xCAFE0001L));
      guest.vcpu().complete();
      assertThat(guest.run(TIMEOUT)).isEqualTo(new VcpuExit.Halt());
    }
  }

  @Test
  void holdsBackSecondPart_whenAccessCrossesPages() {
    // given: mov ebx,MMIO+0xffc; mov rax,0x1122334455667788; mov [rbx],rax; hlt
    try (ProbeGuest guest =
        ProbeGuest.start(
            kvm, 0xBB, 0xFC, 0x0F, 0x40, 0, 0x48, 0xB8, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22,
            0x11, 0x48, 0x89, 0x03, 0xF4)) {
      // when
      assertThat(guest.run(TIMEOUT))
          .isEqualTo(new VcpuExit.MmioWrite(ProbeGuest.MMIO + 0xFFC, 4, 0x55667788L));
      guest.vcpu().complete();

      // then
      assertThat(guest.vcpu().isAccessIncomplete()).isTrue();
      assertThatThrownBy(() -> guest.vcpu().complete()).isInstanceOf(IllegalStateException.class);
      assertThat(guest.vcpu().run())
          .isEqualTo(new VcpuExit.MmioWrite(ProbeGuest.MMIO + 0x1000, 4, 0x11223344L));
      guest.vcpu().complete();
      assertThat(guest.vcpu().isAccessIncomplete()).isFalse();
      assertThat(guest.run(TIMEOUT)).isEqualTo(new VcpuExit.Halt());
    }
  }

  @Test
  void changesRegisters_atAnExit() {
    // given: out 0x10,al; out 0x11,eax; hlt
    try (ProbeGuest guest = ProbeGuest.start(kvm, 0xE6, 0x10, 0xE7, 0x11, 0xF4)) {
      guest.run(TIMEOUT);
      guest.vcpu().complete();

      // when
      guest.vcpu().setRegister(Registers.RAX, 0x12345678L);

      // then
      assertThat(guest.run(TIMEOUT))
          .isEqualTo(new VcpuExit.PortOut(0x11, 4, 1, new byte[] {0x78, 0x56, 0x34, 0x12}));
    }
  }

  @Test
  void reportsShutdown_whenGuestTripleFaults() {
    // ud2 with an empty interrupt descriptor table
    try (ProbeGuest guest = ProbeGuest.start(kvm, 0x0F, 0x0B)) {
      assertThat(guest.run(TIMEOUT)).isEqualTo(new VcpuExit.Shutdown());
    }
  }

  @Test
  void trapsMsrs_exceptTheAllowed() {
    // given: mov ecx,0x175; wrmsr; mov ecx,0x176; rdmsr; wrmsr; hlt
    try (ProbeGuest guest =
        ProbeGuest.start(
            kvm, 0xB9, 0x75, 1, 0, 0, 0x0F, 0x30, 0xB9, 0x76, 1, 0, 0, 0x0F, 0x32, 0x0F, 0x30,
            0xF4)) {
      guest.vm().interceptMsrsExcept(List.of(new MsrRange(0x174, 2)));

      // when
      assertThat(guest.run(TIMEOUT)).isEqualTo(new VcpuExit.RdMsr(0x176, 4));
      guest.vcpu().answerMsrRead(0x1_0000_0002L);

      // then
      assertThat(guest.run(TIMEOUT)).isEqualTo(new VcpuExit.WrMsr(0x176, 0x1_0000_0002L, 4));
      assertThat(guest.run(TIMEOUT)).isEqualTo(new VcpuExit.Halt());
    }
  }

  @Test
  void stopsAtEveryInstruction_whenSingleStepping() {
    // given: three nops, hlt
    try (ProbeGuest guest = ProbeGuest.start(kvm, 0x90, 0x90, 0x90, 0xF4)) {
      guest.vcpu().setGuestDebug(GuestDebug.singleStep());

      for (int i = 1; i <= 2; i++) {
        VcpuExit.Debug step = (VcpuExit.Debug) guest.run(TIMEOUT);
        assertThat(step.pc()).isEqualTo(CODE + i);
        assertThat(step.exception()).isEqualTo(1);
      }
      guest.vcpu().setGuestDebug(GuestDebug.none());
      assertThat(guest.run(TIMEOUT)).isEqualTo(new VcpuExit.Halt());
    }
  }

  @Test
  void refusesOtherThreadsAndClosedVcpus() {
    ProbeGuest guest = ProbeGuest.start(kvm, 0xF4);
    Vcpu vcpu = guest.vcpu();
    Throwable[] thrown = new Throwable[1];
    Thread other =
        new Thread(
            () -> {
              try {
                vcpu.run();
              } catch (IllegalStateException e) {
                thrown[0] = e;
              }
            });
    other.start();
    joinQuietly(other);
    assertThat(thrown[0]).hasMessageContaining("outside of its thread");

    vcpu.close();
    vcpu.close();
    guest.close();
    guest.close();
    vcpu.kick();
    assertThatThrownBy(vcpu::run)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
    assertThatThrownBy(() -> vcpu.registers().rip()).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> guest.memory().readLong(0))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("released");
    assertThatThrownBy(() -> guest.memory().hostAddress())
        .isInstanceOf(IllegalStateException.class);
  }

  private static void joinQuietly(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
