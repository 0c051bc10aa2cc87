package io.understudy.kvm;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * What the CPUID instruction answers: rows sorted by leaf (unsigned) and sub-leaf. Immutable. A
 * host may still show the guest more than the table says; compare with {@link
 * Vcpu#effectiveCpuid()}.
 *
 * @param entries the rows
 */
public record CpuidTable(List<CpuidEntry> entries) {
  static final int MAX_ENTRIES = 256;
  private static final CpuidEntry UNFILLED = new CpuidEntry(0, 0, 0, 0, 0, 0, 0);

  /** Sorts and copies. */
  public CpuidTable {
    List<CpuidEntry> sorted = new ArrayList<>(entries);
    sorted.sort(
        Comparator.<CpuidEntry>comparingInt(e -> e.function() ^ Integer.MIN_VALUE)
            .thenComparingInt(e -> e.index() ^ Integer.MIN_VALUE));
    entries = List.copyOf(sorted);
    if (entries.size() > MAX_ENTRIES) {
      throw new IllegalArgumentException(
          "too many CPUID rows: count=" + entries.size() + " maximum=" + MAX_ENTRIES);
    }
  }

  /** The row of a leaf and sub-leaf. */
  public Optional<CpuidEntry> find(int function, int index) {
    return entries.stream().filter(e -> e.function() == function && e.index() == index).findFirst();
  }

  /**
   * This table with {@code entry} in place of the row with the same leaf and sub-leaf, or added.
   */
  public CpuidTable with(CpuidEntry entry) {
    List<CpuidEntry> changed = new ArrayList<>(entries);
    changed.removeIf(e -> e.function() == entry.function() && e.index() == entry.index());
    changed.add(entry);
    return new CpuidTable(changed);
  }

  /** This table without any row of the leaf. */
  public CpuidTable without(int function) {
    return new CpuidTable(entries.stream().filter(e -> e.function() != function).toList());
  }

  /** This table with every row of the leaf replaced. */
  public CpuidTable mapLeaf(int function, UnaryOperator<CpuidEntry> change) {
    return new CpuidTable(
        entries.stream().map(e -> e.function() == function ? change.apply(e) : e).toList());
  }

  /** Calls a {@code KVM_GET_*CPUID*} ioctl. */
  static CpuidTable get(Ioctl ioctl, int fd) {
    try (NativeBuffer buffer = newBuffer()) {
      ByteBuffer bytes = buffer.bytes();
      bytes.putInt(Layout.Cpuid.NENT, MAX_ENTRIES);
      ioctl.call(fd, buffer.address());
      List<CpuidEntry> read = new ArrayList<>();
      for (int i = 0; i < bytes.getInt(Layout.Cpuid.NENT); i++) {
        int at = Layout.Cpuid.ENTRIES + i * Layout.Cpuid.ENTRY_SIZE;
        read.add(
            new CpuidEntry(
                bytes.getInt(at + Layout.Cpuid.FUNCTION),
                bytes.getInt(at + Layout.Cpuid.INDEX),
                bytes.getInt(at + Layout.Cpuid.FLAGS),
                bytes.getInt(at + Layout.Cpuid.EAX),
                bytes.getInt(at + Layout.Cpuid.EBX),
                bytes.getInt(at + Layout.Cpuid.ECX),
                bytes.getInt(at + Layout.Cpuid.EDX)));
      }
      // Before Linux 6.5 KVM_GET_CPUID2 does not say how many rows it has filled.
      read.removeIf(UNFILLED::equals);
      return new CpuidTable(read);
    }
  }

  /** Calls {@code KVM_SET_CPUID2}. */
  void set(int vcpuFd) {
    try (NativeBuffer buffer = newBuffer()) {
      ByteBuffer bytes = buffer.bytes();
      bytes.putInt(Layout.Cpuid.NENT, entries.size());
      for (int i = 0; i < entries.size(); i++) {
        CpuidEntry e = entries.get(i);
        int at = Layout.Cpuid.ENTRIES + i * Layout.Cpuid.ENTRY_SIZE;
        bytes.putInt(at + Layout.Cpuid.FUNCTION, e.function());
        bytes.putInt(at + Layout.Cpuid.INDEX, e.index());
        bytes.putInt(at + Layout.Cpuid.FLAGS, e.flags());
        bytes.putInt(at + Layout.Cpuid.EAX, e.eax());
        bytes.putInt(at + Layout.Cpuid.EBX, e.ebx());
        bytes.putInt(at + Layout.Cpuid.ECX, e.ecx());
        bytes.putInt(at + Layout.Cpuid.EDX, e.edx());
      }
      Ioctl.KVM_SET_CPUID2.call(vcpuFd, buffer.address());
    }
  }

  private static NativeBuffer newBuffer() {
    return NativeBuffer.allocate(Layout.Cpuid.ENTRIES + MAX_ENTRIES * Layout.Cpuid.ENTRY_SIZE);
  }
}
