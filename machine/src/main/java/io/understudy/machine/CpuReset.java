package io.understudy.machine;

import io.understudy.kvm.DescriptorTable;
import io.understudy.kvm.RegisterValues;
import io.understudy.kvm.Segment;
import io.understudy.kvm.SpecialRegisterValues;
import io.understudy.kvm.Vcpu;

/** The vCPU at power-on: in long mode at the image's entry point, interrupts off. */
final class CpuReset {
  private static final int CODE = 0x08;
  private static final int DATA = 0x10;
  private static final int TASK = 0x18;
  private static final int GDT_LIMIT = 31;

  private CpuReset() {}

  /**
   * Register values of Linux's 64-bit entry: RSI points at boot_params.
   *
   * @param entry address of the first instruction
   */
  static void enterLongMode(Vcpu vcpu, long entry) {
    vcpu.refreshRegisters();
    SpecialRegisterValues special =
        vcpu.specialRegisters().values().toBuilder()
            .longMode(BootLoader.PML4)
            .cs(Segment.code64(CODE, 0))
            .dataSegments(Segment.data(DATA, 0))
            .tr(Segment.taskState(TASK, 0, 0x67))
            .gdt(new DescriptorTable(BootLoader.GDT, GDT_LIMIT))
            .idt(new DescriptorTable(0, 0))
            // Without a local APIC; an enabled one would also show up in what CPUID says.
            .apicBase(0)
            .build();
    vcpu.setSpecialRegisters(special);
    vcpu.setRegisters(
        RegisterValues.builder()
            .rip(entry)
            .rsi(BootLoader.ZERO_PAGE)
            .rsp(BootLoader.STACK)
            .rbp(BootLoader.STACK)
            .build());
  }
}
