package io.understudy.kvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The device itself: capabilities, CPUID tables, closing. */
@RequiresKvm
class KvmKvmIT {
  @Test
  void offersWhatItChecked() {
    try (Kvm kvm = Kvm.open()) {
      assertThat(kvm.extension(Capability.SYNC_REGS.number()) & 7).isEqualTo(7);
      assertThat(kvm.extension(9999)).isZero();
      assertThat(kvm.msrIndexList()).contains(0x10, 0xC0000082);
    }
  }

  @Test
  void givesVcpuTheTableItIsTold() {
    try (Kvm kvm = Kvm.open();
        VirtualMachine vm = kvm.createVirtualMachine()) {
      // given: the leaves every host honours
      CpuidTable table =
          kvm.supportedCpuid()
              .without(0x40000000)
              .without(0x40000001)
              .mapLeaf(0, e -> e.withValues(e.eax(), 0x11111111, 0x22222222, 0x33333333));
      Vcpu vcpu = vm.createVcpu(0);

      // when
      vcpu.setCpuid(table);

      // then
      CpuidTable effective = vcpu.effectiveCpuid();
      assertThat(effective.find(0, 0).map(CpuidEntry::ebx)).isEqualTo(Optional.of(0x11111111));
      assertThat(effective.find(0x40000000, 0)).isEmpty();
      assertThat(effective.entries()).hasSameSizeAs(table.entries());
    }
  }

  @Test
  void keepsResetState_untilItIsChanged() {
    try (Kvm kvm = Kvm.open();
        VirtualMachine vm = kvm.createVirtualMachine()) {
      Vcpu vcpu = vm.createVcpu(0);

      assertThat(vcpu.registers().rip()).isEqualTo(0xFFF0);
      assertThat(vcpu.registers().rflags()).isEqualTo(2);
      assertThat(vcpu.specialRegisters().cs().selector()).isEqualTo(0xF000);
      assertThat(vcpu.specialRegisters().cs().base()).isEqualTo(0xFFFF0000L);
      assertThat(vcpu.specialRegisters().cr0()).isEqualTo(0x60000010);
      RegisterValues changed = vcpu.registers().values().toBuilder().r9(99).build();
      vcpu.setRegisters(changed);
      vcpu.refreshRegisters();
      assertThat(vcpu.registers().values()).isEqualTo(changed);
      assertThatThrownBy(
              () ->
                  vcpu.setSpecialRegisters(
                      vcpu.specialRegisters().values().toBuilder().cr0(0x80000000L).build()))
          .isInstanceOf(KvmException.class)
          .hasMessage("KVM_SET_SREGS failed: errno=EINVAL(22)");
    }
  }

  @Test
  void closesTwice_withoutHarm() {
    Kvm kvm = Kvm.open();
    VirtualMachine vm = kvm.createVirtualMachine();
    kvm.close();
    kvm.close();
    assertThatThrownBy(kvm::supportedCpuid)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("KVM device is closed");

    vm.addMemory(0, 0, 4096);
    Vcpu vcpu = vm.createVcpu(0);
    vcpu.bindToCurrentThread();
    assertThat(vcpu.save().msrs()).isNotEmpty();
    vm.close();
    vm.close();
    assertThatThrownBy(() -> vm.createVcpu(0))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("virtual machine is closed");
  }

  @Test
  void leavesNothingOpen_whenMachinesComeAndGo() {
    try (Kvm kvm = Kvm.open()) {
      openAndClose(kvm);
      int before = openFiles();

      for (int i = 0; i < 20; i++) {
        openAndClose(kvm);
      }

      assertThat(openFiles()).isEqualTo(before);
    }
  }

  private static void openAndClose(Kvm kvm) {
    try (ProbeGuest guest = ProbeGuest.start(kvm, 0xF4)) {
      assertThat(guest.vcpu().run()).isEqualTo(new VcpuExit.Halt());
    }
  }

  private static int openFiles() {
    String[] names = new File("/proc/self/fd").list();
    return names == null ? -1 : (int) Arrays.stream(names).filter(KvmKvmIT::isKvm).count();
  }

  private static boolean isKvm(String fd) {
    try {
      return Files.readSymbolicLink(Path.of("/proc/self/fd", fd)).toString().contains("kvm");
    } catch (IOException e) {
      return false; // Closed since the listing was made.
    }
  }
}
