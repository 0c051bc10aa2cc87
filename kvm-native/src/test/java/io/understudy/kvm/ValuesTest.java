package io.understudy.kvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Value types, without a device. */
class ValuesTest {
  @Test
  void copiesVcpuState_inAndOut() {
    byte[] registers = new byte[144];
    VcpuState state = stateWith(registers);

    registers[0] = 1;
    state.registers()[0] = 2;

    assertThat(state.registers()[0]).isZero();
    assertThat(state)
        .isEqualTo(stateWith(new byte[144]))
        .hasSameHashCodeAs(stateWith(new byte[144]));
    assertThat(state).isNotEqualTo(stateWith(registers));
  }

  @Test
  void refusesVcpuStateOfWrongLength() {
    assertThatThrownBy(() -> stateWith(new byte[143]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("wrong length of vCPU state: part=registers expected=144 actual=143");
  }

  private static VcpuState stateWith(byte[] registers) {
    return new VcpuState(
        registers, new byte[312], new byte[4096], new byte[128], new TreeMap<>(), new byte[64], 0);
  }

  @Test
  void writesAndReadsSpecialRegisters() {
    SpecialRegisterValues values =
        new SpecialRegisterValues(new byte[312])
            .toBuilder()
                .longMode(0x1000)
                .cs(Segment.code64(8, 0))
                .dataSegments(Segment.data(16, 3))
                .tr(Segment.taskState(24, 0x5000, 103))
                .ldt(Segment.unusable())
                .gdt(new DescriptorTable(0xFFFF_8000_0000_0000L, 0xFFFF))
                .cr8(3)
                .build();

    assertThat(values.cr3()).isEqualTo(0x1000);
    assertThat(values.efer()).isEqualTo(0xD01);
    assertThat(values.cs()).isEqualTo(Segment.code64(8, 0));
    assertThat(values.gs()).isEqualTo(Segment.data(16, 3));
    assertThat(values.tr()).isEqualTo(Segment.taskState(24, 0x5000, 103));
    assertThat(values.ldt().isUnusable()).isTrue();
    assertThat(values.gdt()).isEqualTo(new DescriptorTable(0xFFFF_8000_0000_0000L, 0xFFFF));
    assertThat(values.cr8()).isEqualTo(3);
    assertThat(values.toBuilder().build()).isEqualTo(values);
    assertThat(values.toBuilder().cr2(1).build()).isNotEqualTo(values);
  }

  @Test
  void ordersAndReplacesCpuidRows() {
    CpuidEntry leaf0 = new CpuidEntry(0, 0, 0, 1, 2, 3, 4);
    CpuidEntry extended = new CpuidEntry(0x80000000, 0, 0, 5, 6, 7, 8);
    CpuidEntry leaf7 = new CpuidEntry(7, 0, CpuidEntry.SIGNIFICANT_INDEX, 9, 9, 9, 9);

    CpuidTable table = new CpuidTable(List.of(extended, leaf7, leaf0));

    assertThat(table.entries()).containsExactly(leaf0, leaf7, extended);
    assertThat(table.with(leaf0.withValues(0, 0, 0, 0)).find(0, 0))
        .contains(new CpuidEntry(0, 0, 0, 0, 0, 0, 0));
    assertThat(table.without(7).entries()).containsExactly(leaf0, extended);
    assertThat(table.mapLeaf(7, e -> e.withValues(1, 1, 1, 1)).find(7, 0).orElseThrow().flags())
        .isEqualTo(CpuidEntry.SIGNIFICANT_INDEX);
  }

  @Test
  void showsRegisterNames() {
    assertThat(RegisterValues.builder().rip(0x10).r8(255).build().toString())
        .contains("r8=0xff", "rip=0x10", "rflags=0x2");
  }

  @Test
  void readsPortValueAsUnsigned() {
    assertThat(new VcpuExit.PortOut(1, 4, 1, new byte[] {-1, -1, -1, -1}).value())
        .isEqualTo(0xFFFFFFFFL);
    assertThat(new VcpuExit.PortOut(1, 2, 1, new byte[] {1, -128}).value()).isEqualTo(0x8001);
  }

  @Test
  void limitsBreakpoints() {
    assertThatThrownBy(() -> GuestDebug.hardwareBreakpoints(1, 2, 3, 4, 5))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
