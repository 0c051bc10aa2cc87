package io.understudy.machine;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.kvm.GuestMemory;
import io.understudy.kvm.Kvm;
import io.understudy.kvm.RequiresKvm;
import io.understudy.kvm.Vcpu;
import io.understudy.kvm.VirtualMachine;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The walk through a guest's page tables, on a real vCPU's registers. */
@RequiresKvm
class GuestCodeKvmIT {
  private static final long MEMORY = 16 << 20;
  private static final long ROOT = 0x1000;
  private static final long POINTERS = 0x2000;
  private static final long DIRECTORY = 0x3000;
  private static final long TABLE = 0x4000;
  private static final int PRESENT = 1;
  private static final int LARGE = 0x80;
  private static final long NO_EXECUTE = 1L << 63;

  /** Indices 1, 2, 3 and 4 from the root down, and an offset. */
  private static final long ADDRESS = 1L << 39 | 2L << 30 | 3L << 21 | 4L << 12 | 0x567;

  private Kvm kvm;
  private VirtualMachine vm;
  private GuestMemory memory;
  private Vcpu vcpu;
  private GuestCode code;

  @BeforeEach
  void makeTables() {
    kvm = Kvm.open();
    vm = kvm.createVirtualMachine();
    memory = vm.addMemory(0, 0, MEMORY);
    vcpu = vm.createVcpu(0);
    code = new GuestCode(memory);
    vcpu.refreshRegisters();
    // The low bits of CR3 are flags, not address.
    vcpu.setSpecialRegisters(
        vcpu.specialRegisters().values().toBuilder().longMode(ROOT | 0x18).build());
    vcpu.refreshRegisters();
    entry(ROOT, 1, POINTERS | PRESENT);
    entry(POINTERS, 2, DIRECTORY | PRESENT);
    entry(DIRECTORY, 3, TABLE | PRESENT);
    entry(TABLE, 4, 0x5000 | PRESENT | NO_EXECUTE);
  }

  @AfterEach
  void close() {
    vm.close();
    kvm.close();
  }

  @Test
  void findsAByteIn4KiB2MiBAnd1GiBPages() {
    write(0x5567, 0xAB);
    assertThat(read(ADDRESS)).isEqualTo(0xAB);

    // The bits below a large page's size are flags or reserved.
    entry(DIRECTORY, 3, 0x600000 | PRESENT | LARGE | 0x1000);
    write(0x604567, 0xCD);
    assertThat(read(ADDRESS)).isEqualTo(0xCD);

    entry(POINTERS, 2, PRESENT | LARGE);
    long within1GiB = 1L << 39 | 2L << 30 | 0x700123;
    write(0x700123, 0xEF);
    assertThat(read(within1GiB)).isEqualTo(0xEF);
  }

  @Test
  void takesBit7ForALargePageOnlyWhereThereAreSuch() {
    // In the last level it chooses a memory type, and in the first it is reserved.
    entry(TABLE, 4, 0x5000 | PRESENT | LARGE);
    entry(ROOT, 1, POINTERS | PRESENT | LARGE);
    write(0x5567, 0x12);

    assertThat(read(ADDRESS)).isEqualTo(0x12);
  }

  @Test
  void findsNothing_whereNothingIsMapped() {
    long[] tables = {ROOT, POINTERS, DIRECTORY, TABLE};
    for (int level = 0; level < tables.length; level++) {
      long at = tables[level] + (level + 1) * 8L;
      long entry = memory.readLong(at);
      memory.writeLong(at, entry & ~PRESENT);
      assertThat(read(ADDRESS)).as("level %d not present", level).isEqualTo(GuestCode.NONE);
      memory.writeLong(at, entry);
    }
    assertThat(read(ADDRESS)).as("all present again").isZero();
    assertThat(read(ADDRESS + 0x1000)).as("the next page").isEqualTo(GuestCode.NONE);
  }

  @Test
  void findsNothing_whereTablesOrPagesAreOutsideOfRam() {
    entry(TABLE, 4, MEMORY | PRESENT);
    assertThat(read(ADDRESS)).isEqualTo(GuestCode.NONE);
    entry(TABLE, 4, 0x000f_ffff_ffff_f000L | PRESENT);
    assertThat(read(ADDRESS)).isEqualTo(GuestCode.NONE);
    entry(DIRECTORY, 3, 0xfee00000L | PRESENT);
    assertThat(read(ADDRESS)).isEqualTo(GuestCode.NONE);
    entry(TABLE, 4, (MEMORY - 0x1000) | PRESENT);
    entry(DIRECTORY, 3, TABLE | PRESENT);
    write(MEMORY - 1, 0x99);
    assertThat(read(ADDRESS | 0xfff)).as("the last byte of RAM").isEqualTo(0x99);
  }

  @Test
  void findsTheUpperHalf() {
    long kernel = 0xffff_ffff_8000_0000L;
    entry(ROOT, 511, POINTERS | PRESENT);
    entry(POINTERS, 510, DIRECTORY | PRESENT);
    entry(DIRECTORY, 0, 0x800000 | PRESENT | LARGE);
    write(0x801234, 0x77);

    assertThat(read(kernel + 0x1234)).isEqualTo(0x77);
  }

  private int read(long address) {
    return code.byteAt(address, vcpu.specialRegisters());
  }

  private void entry(long table, int index, long value) {
    memory.writeLong(table + 8L * index, value);
  }

  private void write(long address, int value) {
    memory.write(address, new byte[] {(byte) value}, 0, 1);
  }
}
