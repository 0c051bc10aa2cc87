package io.understudy.kvm;

import static io.understudy.kvm.ProbeGuest.CODE;
import static io.understudy.kvm.ProbeGuest.DATA;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** External interrupts injected at exits arrive exactly between two instructions. */
@RequiresKvm
class InterruptKvmIT {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);
  private static final int VECTOR = 0x30;

  /** Stores the interrupted RIP in DATA+8 and counts in DATA: push [rsp]; pop; inc; iretq. */
  private static final int[] HANDLER = {
    0xFF, 0x34, 0x24, 0x8F, 0x04, 0x25, 8, 0x70, 0, 0, 0x48, 0xFF, 0x04, 0x25, 0, 0x70, 0, 0, 0x48,
    0xCF
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

  private ProbeGuest start(int... code) {
    ProbeGuest guest = ProbeGuest.start(kvm, code);
    guest.gate(VECTOR, ProbeGuest.HANDLERS);
    guest.put(ProbeGuest.HANDLERS, HANDLER);
    return guest;
  }

  @Test
  void deliversAfterPortInput() {
    // given: sti; nop; in al,0x10; hlt
    try (ProbeGuest guest = start(0xFB, 0x90, 0xE4, 0x10, 0xF4)) {
      guest.run(TIMEOUT);
      assertThat(guest.vcpu().readyForInterrupt()).isTrue();
      assertThat(guest.vcpu().interruptFlag()).isTrue();
      guest.vcpu().answerPortIn(9);

      // when
      guest.vcpu().interrupt(VECTOR);

      // then
      assertThat(guest.run(TIMEOUT)).isEqualTo(new VcpuExit.Halt());
      assertThat(guest.memory().readLong(DATA)).isEqualTo(1);
      assertThat(guest.memory().readLong(DATA + 8)).isEqualTo(CODE + 4);
      assertThat(guest.vcpu().registers().rax()).isEqualTo(9);
    }
  }

  @Test
  void deliversAfterPortOutput_whenCompletedFirst() {
    // given: sti; nop; out 0x10,al; hlt
    try (ProbeGuest guest = start(0xFB, 0x90, 0xE6, 0x10, 0xF4)) {
      guest.run(TIMEOUT);
      guest.vcpu().complete();
      assertThat(guest.vcpu().readyForInterrupt()).isTrue();

      // when
      guest.vcpu().interrupt(VECTOR);

      // then
      assertThat(guest.run(TIMEOUT)).isEqualTo(new VcpuExit.Halt());
      assertThat(guest.memory().readLong(DATA)).isEqualTo(1);
      assertThat(guest.memory().readLong(DATA + 8)).isEqualTo(CODE + 4);
    }
  }

  @Test
  void wakesHaltedGuest() {
    // given: sti; hlt; out 0x10,al
    try (ProbeGuest guest = start(0xFB, 0xF4, 0xE6, 0x10)) {
      assertThat(guest.run(TIMEOUT)).isEqualTo(new VcpuExit.Halt());
      assertThat(guest.vcpu().readyForInterrupt()).isTrue();

      // when
      guest.vcpu().interrupt(VECTOR);

      // then
      assertThat(guest.run(TIMEOUT)).isInstanceOf(VcpuExit.PortOut.class);
      assertThat(guest.memory().readLong(DATA)).isEqualTo(1);
      assertThat(guest.memory().readLong(DATA + 8)).isEqualTo(CODE + 2);
    }
  }

  @Test
  void isNotReady_whileInterruptsAreOff() {
    // given: in al,0x10; sti; nop; out 0x11,al; hlt
    try (ProbeGuest guest = start(0xE4, 0x10, 0xFB, 0x90, 0xE6, 0x11, 0xF4)) {
      guest.run(TIMEOUT);

      assertThat(guest.vcpu().readyForInterrupt()).isFalse();
      assertThat(guest.vcpu().interruptFlag()).isFalse();
    }
  }

  @Test
  void opensWindow_onceInterruptsAreOn() {
    // given: in al,0x10; sti; jmp self
    try (ProbeGuest guest = start(0xE4, 0x10, 0xFB, 0xEB, 0xFE)) {
      guest.run(TIMEOUT);
      guest.vcpu().answerPortIn(0);

      // when
      guest.vcpu().requestInterruptWindow(true);

      // then
      assertThat(guest.run(TIMEOUT)).isEqualTo(new VcpuExit.InterruptWindowOpen());
      assertThat(guest.vcpu().readyForInterrupt()).isTrue();
    }
  }

  @Test
  void refusesImpossibleVector() {
    try (ProbeGuest guest = start(0xF4)) {
      assertThatThrownBy(() -> guest.vcpu().interrupt(256))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("vector=256");
    }
  }
}
