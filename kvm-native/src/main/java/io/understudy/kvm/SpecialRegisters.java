package io.understudy.kvm;

/**
 * Control, segment and descriptor table registers of a vCPU: a live, read-only view over the area
 * the kernel fills at each exit ({@code kvm_run.s.regs.sregs}). Owned by the vCPU's thread; the
 * values change with the next {@link Vcpu#run()} or {@link Vcpu#complete()}, so take {@link
 * #values()} to keep them.
 */
public final class SpecialRegisters {
  private final RunArea area;

  SpecialRegisters(RunArea area) {
    this.area = area;
  }

  public long cr0() {
    return control(Layout.Sregs.CR0);
  }

  public long cr2() {
    return control(Layout.Sregs.CR2);
  }

  public long cr3() {
    return control(Layout.Sregs.CR3);
  }

  public long cr4() {
    return control(Layout.Sregs.CR4);
  }

  public long cr8() {
    return control(Layout.Sregs.CR8);
  }

  public long efer() {
    return control(Layout.Sregs.EFER);
  }

  public long apicBase() {
    return control(Layout.Sregs.APIC_BASE);
  }

  public Segment cs() {
    return segment(Layout.Sregs.CS);
  }

  public Segment ds() {
    return segment(Layout.Sregs.DS);
  }

  public Segment es() {
    return segment(Layout.Sregs.ES);
  }

  public Segment fs() {
    return segment(Layout.Sregs.FS);
  }

  public Segment gs() {
    return segment(Layout.Sregs.GS);
  }

  public Segment ss() {
    return segment(Layout.Sregs.SS);
  }

  public Segment tr() {
    return segment(Layout.Sregs.TR);
  }

  public Segment ldt() {
    return segment(Layout.Sregs.LDT);
  }

  public DescriptorTable gdt() {
    return table(Layout.Sregs.GDT);
  }

  public DescriptorTable idt() {
    return table(Layout.Sregs.IDT);
  }

  /** Privilege level the vCPU runs at, 0..3: the DPL of the stack segment. */
  public int privilegeLevel() {
    return area.bytes().get(at(Layout.Sregs.SS) + Layout.SegmentFields.DPL);
  }

  /** A copy that stays as it is. */
  public SpecialRegisterValues values() {
    return new SpecialRegisterValues(area.copy(Layout.Run.SYNC_SREGS, Layout.Sregs.SIZE));
  }

  private long control(int offset) {
    return area.bytes().getLong(at(offset));
  }

  private Segment segment(int offset) {
    return Segment.read(area.bytes(), at(offset));
  }

  private DescriptorTable table(int offset) {
    return SpecialRegisterValues.readTable(area.bytes(), at(offset));
  }

  private static int at(int offset) {
    return Layout.Run.SYNC_SREGS + offset;
  }
}
