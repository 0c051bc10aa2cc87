package io.understudy.kvm;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Values for control, segment and descriptor table registers ({@code struct kvm_sregs}). Immutable.
 * There is no sensible set of zeros, so a builder starts from the current values of a vCPU: {@code
 * vcpu.specialRegisters().values().toBuilder().longMode(root)...build()}.
 */
public final class SpecialRegisterValues {
  /** CR0: protection enable, extension type, numeric error, write protect, paging. */
  private static final long CR0_LONG_MODE = 0x80010031L;

  /** CR4.PAE, which long mode demands. */
  private static final long CR4_PAE = 0x20;

  /** EFER: long mode enable and active, no-execute enable, SYSCALL enable. */
  private static final long EFER_LONG_MODE = 0xD01;

  private final byte[] image;

  /** Takes ownership of the 312 bytes. */
  SpecialRegisterValues(byte[] image) {
    this.image = image;
  }

  /** A builder that starts with these values. */
  public Builder toBuilder() {
    return new Builder(image.clone());
  }

  byte[] image() {
    return image.clone();
  }

  public long cr0() {
    return view(image).getLong(Layout.Sregs.CR0);
  }

  public long cr2() {
    return view(image).getLong(Layout.Sregs.CR2);
  }

  public long cr3() {
    return view(image).getLong(Layout.Sregs.CR3);
  }

  public long cr4() {
    return view(image).getLong(Layout.Sregs.CR4);
  }

  public long cr8() {
    return view(image).getLong(Layout.Sregs.CR8);
  }

  public long efer() {
    return view(image).getLong(Layout.Sregs.EFER);
  }

  public long apicBase() {
    return view(image).getLong(Layout.Sregs.APIC_BASE);
  }

  public Segment cs() {
    return Segment.read(view(image), Layout.Sregs.CS);
  }

  public Segment ds() {
    return Segment.read(view(image), Layout.Sregs.DS);
  }

  public Segment es() {
    return Segment.read(view(image), Layout.Sregs.ES);
  }

  public Segment fs() {
    return Segment.read(view(image), Layout.Sregs.FS);
  }

  public Segment gs() {
    return Segment.read(view(image), Layout.Sregs.GS);
  }

  public Segment ss() {
    return Segment.read(view(image), Layout.Sregs.SS);
  }

  public Segment tr() {
    return Segment.read(view(image), Layout.Sregs.TR);
  }

  public Segment ldt() {
    return Segment.read(view(image), Layout.Sregs.LDT);
  }

  public DescriptorTable gdt() {
    return readTable(view(image), Layout.Sregs.GDT);
  }

  public DescriptorTable idt() {
    return readTable(view(image), Layout.Sregs.IDT);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SpecialRegisterValues that && Arrays.equals(image, that.image);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(image);
  }

  @Override
  public String toString() {
    return String.format(
        "cr0=0x%x cr2=0x%x cr3=0x%x cr4=0x%x cr8=0x%x efer=0x%x apicBase=0x%x cs=%s ss=%s gdt=%s"
            + " idt=%s",
        cr0(), cr2(), cr3(), cr4(), cr8(), efer(), apicBase(), cs(), ss(), gdt(), idt());
  }

  static DescriptorTable readTable(ByteBuffer bytes, int at) {
    return new DescriptorTable(
        bytes.getLong(at + Layout.DescriptorTableFields.BASE),
        bytes.getShort(at + Layout.DescriptorTableFields.LIMIT) & 0xFFFF);
  }

  private static ByteBuffer view(byte[] image) {
    return ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Collects values; not thread-safe. */
  public static final class Builder {
    private final byte[] image;

    private Builder(byte[] image) {
      this.image = image;
    }

    /**
     * 64-bit mode with paging on: sets CR0, CR3, CR4 and EFER; descriptor tables and segments are
     * left to the caller.
     *
     * @param pageTableRoot guest-physical address of the level 4 page table
     */
    public Builder longMode(long pageTableRoot) {
      return cr0(CR0_LONG_MODE).cr3(pageTableRoot).cr4(CR4_PAE).efer(EFER_LONG_MODE);
    }

    /** The same data segment in DS, ES, FS, GS and SS. */
    public Builder dataSegments(Segment segment) {
      return ds(segment).es(segment).fs(segment).gs(segment).ss(segment);
    }

    public Builder cr0(long value) {
      view(image).putLong(Layout.Sregs.CR0, value);
      return this;
    }

    public Builder cr2(long value) {
      view(image).putLong(Layout.Sregs.CR2, value);
      return this;
    }

    public Builder cr3(long value) {
      view(image).putLong(Layout.Sregs.CR3, value);
      return this;
    }

    public Builder cr4(long value) {
      view(image).putLong(Layout.Sregs.CR4, value);
      return this;
    }

    public Builder cr8(long value) {
      view(image).putLong(Layout.Sregs.CR8, value);
      return this;
    }

    public Builder efer(long value) {
      view(image).putLong(Layout.Sregs.EFER, value);
      return this;
    }

    public Builder apicBase(long value) {
      view(image).putLong(Layout.Sregs.APIC_BASE, value);
      return this;
    }

    public Builder cs(Segment segment) {
      segment.write(view(image), Layout.Sregs.CS);
      return this;
    }

    public Builder ds(Segment segment) {
      segment.write(view(image), Layout.Sregs.DS);
      return this;
    }

    public Builder es(Segment segment) {
      segment.write(view(image), Layout.Sregs.ES);
      return this;
    }

    public Builder fs(Segment segment) {
      segment.write(view(image), Layout.Sregs.FS);
      return this;
    }

    public Builder gs(Segment segment) {
      segment.write(view(image), Layout.Sregs.GS);
      return this;
    }

    public Builder ss(Segment segment) {
      segment.write(view(image), Layout.Sregs.SS);
      return this;
    }

    public Builder tr(Segment segment) {
      segment.write(view(image), Layout.Sregs.TR);
      return this;
    }

    public Builder ldt(Segment segment) {
      segment.write(view(image), Layout.Sregs.LDT);
      return this;
    }

    public Builder gdt(DescriptorTable table) {
      return table(Layout.Sregs.GDT, table);
    }

    public Builder idt(DescriptorTable table) {
      return table(Layout.Sregs.IDT, table);
    }

    public SpecialRegisterValues build() {
      return new SpecialRegisterValues(image.clone());
    }

    private Builder table(int at, DescriptorTable table) {
      ByteBuffer bytes = view(image);
      bytes.putLong(at + Layout.DescriptorTableFields.BASE, table.base());
      bytes.putShort(at + Layout.DescriptorTableFields.LIMIT, (short) table.limit());
      return this;
    }
  }
}
