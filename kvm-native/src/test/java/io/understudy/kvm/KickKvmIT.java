package io.understudy.kvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** No kick may be lost, whenever it comes, and none may hurt. */
@RequiresKvm
class KickKvmIT {
  private static final int KICKS = 200;
  private static final int[] SPIN = {0xEB, 0xFE};

  /** Leaves at once, so that a lost kick shows as another exit and not as a hang: out 0x10,al. */
  private static final int[] LEAVE = {0xE6, 0x10};

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
  void interruptsSpinningGuest_everyTime() throws InterruptedException {
    try (ProbeGuest guest = ProbeGuest.start(kvm, SPIN)) {
      Vcpu vcpu = guest.vcpu();
      Semaphore interrupted = new Semaphore(0);
      AtomicInteger lost = new AtomicInteger();
      Thread kicker =
          new Thread(
              () -> {
                for (int i = 0; i < KICKS; i++) {
                  vcpu.kick();
                  if (!tryAcquire(interrupted)) {
                    // The guest would spin for ever; count the loss and let the run end.
                    lost.incrementAndGet();
                    vcpu.kick();
                  }
                }
              });

      // when
      kicker.start();
      for (int i = 0; i < KICKS; i++) {
        assertThat(vcpu.run()).isEqualTo(new VcpuExit.Interrupted());
        interrupted.release();
      }

      // then
      kicker.join();
      assertThat(lost).hasValue(0);
    }
  }

  private static boolean tryAcquire(Semaphore semaphore) {
    try {
      return semaphore.tryAcquire(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  @Test
  void survivesStormOfKicks() throws InterruptedException {
    // given: inc rax; out 0x10,al; jmp back
    try (ProbeGuest guest = ProbeGuest.start(kvm, 0x48, 0xFF, 0xC0, 0xE6, 0x10, 0xEB, 0xF9)) {
      Vcpu vcpu = guest.vcpu();
      AtomicInteger stop = new AtomicInteger();
      Thread kicker =
          new Thread(
              () -> {
                while (stop.get() == 0) {
                  vcpu.kick();
                }
              });

      // when
      kicker.start();
      int outs = 0;
      int kicks = 0;
      while (outs < 2000) {
        VcpuExit exit = vcpu.run();
        if (exit instanceof VcpuExit.PortOut out) {
          outs++;
          assertThat(out.value()).isEqualTo(outs & 0xFF);
          vcpu.complete();
        } else {
          assertThat(exit).isEqualTo(new VcpuExit.Interrupted());
          kicks++;
        }
      }
      stop.set(1);
      kicker.join();

      // then
      assertThat(kicks).isPositive();
      assertThat(vcpu.registers().rax()).isEqualTo(outs);
    }
  }

  @Test
  void interruptsNextRun_whenKickedBeforeEntry() {
    try (ProbeGuest guest = ProbeGuest.start(kvm, LEAVE)) {
      guest.vcpu().kick();
      guest.vcpu().kick();

      assertThat(guest.vcpu().run()).isEqualTo(new VcpuExit.Interrupted());
    }
  }

  @Test
  void keepsKick_whenItComesDuringComplete() {
    // given: in al,0x10; out 0x10,al
    try (ProbeGuest guest = ProbeGuest.start(kvm, 0xE4, 0x10, 0xE6, 0x10)) {
      guest.run(TIMEOUT);
      guest.vcpu().answerPortIn(1);

      // when
      guest.vcpu().kick();
      guest.vcpu().complete();

      // then
      assertThat(guest.vcpu().registers().rax()).isEqualTo(1);
      assertThat(guest.vcpu().run()).isEqualTo(new VcpuExit.Interrupted());
    }
  }

  @Test
  void keepsKick_whenItComesBeforeBinding() {
    try (VirtualMachine vm = kvm.createVirtualMachine()) {
      // given: real mode code at 0x1000
      vm.addMemory(0, 0, ProbeGuest.MEMORY_BYTES).writeLong(0x1000, 0x10E6);
      Vcpu vcpu = vm.createVcpu(0);
      SpecialRegisterValues reset = vcpu.specialRegisters().values();
      Segment low = new Segment(0, 0xFFFF, 0, 11, true, 0, false, true, false, false, false, false);
      vcpu.setSpecialRegisters(reset.toBuilder().cs(low).build());
      vcpu.setRegisters(RegisterValues.builder().rip(0x1000).build());

      // when
      vcpu.kick();
      vcpu.bindToCurrentThread();

      // then
      assertThat(vcpu.run()).isEqualTo(new VcpuExit.Interrupted());
      assertThat(vcpu.run()).isInstanceOf(VcpuExit.PortOut.class);
    }
  }

  @Test
  void changesOwner_whenBoundAgain() throws InterruptedException {
    try (ProbeGuest guest = ProbeGuest.start(kvm, LEAVE)) {
      Vcpu vcpu = guest.vcpu();
      VcpuExit[] seen = new VcpuExit[1];
      Thread newOwner =
          new Thread(
              () -> {
                vcpu.bindToCurrentThread();
                vcpu.kick();
                seen[0] = vcpu.run();
              });

      // when
      newOwner.start();
      newOwner.join();

      // then
      assertThat(seen[0]).isEqualTo(new VcpuExit.Interrupted());
      assertThatThrownBy(vcpu::run)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("outside of its thread");
      vcpu.kick(); // Its thread is gone: no effect, and above all no end of this process.
    }
  }

  @Test
  void refusesToClose_whileRunning() throws InterruptedException {
    try (ProbeGuest guest = ProbeGuest.start(kvm, 0xE6, 0x10, 0xEB, 0xFE)) {
      Vcpu vcpu = guest.vcpu();
      Semaphore started = new Semaphore(0);
      Thread owner =
          new Thread(
              () -> {
                vcpu.bindToCurrentThread();
                vcpu.run();
                started.release();
                vcpu.run();
              });
      owner.start();
      assertThat(tryAcquire(started)).isTrue();
      long deadline = System.nanoTime() + TIMEOUT.toNanos();
      boolean refused = false;
      while (!refused && System.nanoTime() < deadline) {
        refused = vcpu.isRunning();
        Thread.onSpinWait();
      }

      assertThat(refused).as("the guest came to run").isTrue();
      assertThatThrownBy(vcpu::close)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("running");
      vcpu.kick();
      owner.join();
    }
  }
}
