package io.understudy.kvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Guest memory: bounds, contents, and the dirty log. */
@RequiresKvm
class MemoryKvmIT {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);
  private static final long BASE = 0x100000;
  private static final long SIZE = 16 * 4096;

  private Kvm kvm;
  private VirtualMachine vm;

  @BeforeEach
  void open() {
    kvm = Kvm.open();
    vm = kvm.createVirtualMachine();
  }

  @AfterEach
  void close() {
    vm.close();
    kvm.close();
  }

  @Test
  void startsZeroedAndKeepsWhatIsWritten() {
    GuestMemory memory = vm.addMemory(0, BASE, SIZE);
    assertThat(memory.readLong(BASE)).isZero();

    memory.write(BASE + 3, new byte[] {9, 1, 2, 3, 9}, 1, 3);
    memory.writeLong(BASE + SIZE - 8, 0x1122334455667788L);

    byte[] read = new byte[6];
    memory.read(BASE + 2, read, 1, 5);
    assertThat(read).containsExactly(0, 0, 1, 2, 3, 0);
    assertThat(memory.readLong(BASE + SIZE - 8)).isEqualTo(0x1122334455667788L);
    assertThat(memory.pageCount()).isEqualTo(16);
    assertThat(memory.hostAddress() % 4096).isZero();
    assertThat(NativeAccess.view(memory.hostAddress() + 3, 3).get(0)).isEqualTo((byte) 1);
  }

  @Test
  void refusesAddressesOutside() {
    GuestMemory memory = vm.addMemory(0, BASE, SIZE);
    byte[] one = new byte[1];

    long[] outside = {BASE - 1, BASE + SIZE, 0, -1, Long.MIN_VALUE, Long.MAX_VALUE};
    for (long address : outside) {
      assertThatThrownBy(() -> memory.read(address, one, 0, 1))
          .isInstanceOf(IndexOutOfBoundsException.class)
          .hasMessageContaining("address=0x" + Long.toHexString(address))
          .hasMessageContaining("memory=0x100000..0x10ffff");
    }
    assertThatThrownBy(() -> memory.writeLong(BASE + SIZE - 7, 0))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> memory.readLong(BASE + SIZE - 7))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> memory.write(BASE, one, 0, 2))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> memory.read(BASE, one, 0, -1))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void reachesAcrossWindows_whenMemoryIsLarge() {
    // Nothing is touched but the pages around the edge: the mapping reserves no memory.
    long edge = 1L << 30;
    GuestMemory memory = vm.addMemory(0, 0, 2 * edge + 4096);

    memory.writeLong(edge - 3, 0x1122334455667788L);
    byte[] read = new byte[8];
    memory.read(edge - 3, read, 0, 8);
    memory.write(2 * edge - 1, new byte[] {5, 6}, 0, 2);

    assertThat(memory.readLong(edge - 3)).isEqualTo(0x1122334455667788L);
    assertThat(read).containsExactly(0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11);
    assertThat(memory.readLong(2 * edge - 1) & 0xFFFF).isEqualTo(0x0605);
  }

  @Test
  void refusesOddAndOverlappingRanges() {
    vm.addMemory(0, BASE, SIZE);

    assertThatThrownBy(() -> vm.addMemory(1, BASE + 1, SIZE))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> vm.addMemory(1, BASE, 100))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> vm.addMemory(1, BASE + 4096, SIZE))
        .isInstanceOf(KvmException.class)
        .hasMessage("KVM_SET_USER_MEMORY_REGION failed: errno=EEXIST(17)");
  }

  @Test
  void listsPagesTheGuestWrote_onceEach() {
    // given: mov [0x20000],eax; mov [0x21008],eax; out 0x10,al; mov [0x33000],eax; hlt
    try (ProbeGuest guest =
        ProbeGuest.start(
            kvm, 0x89, 0x04, 0x25, 0, 0, 2, 0, 0x89, 0x04, 0x25, 8, 0x10, 2, 0, 0xE6, 0x10, 0x89,
            0x04, 0x25, 0, 0x30, 3, 0, 0xF4)) {
      long[] bitmap = new long[8];
      guest.vm().readDirtyLog(guest.memory(), bitmap);

      // when
      guest.run(TIMEOUT);
      guest.vm().readDirtyLog(guest.memory(), bitmap);

      // then
      assertThat(bitmap[0] >>> 0x20).isEqualTo(0b11);
      guest.run(TIMEOUT);
      guest.vm().readDirtyLog(guest.memory(), bitmap);
      assertThat(bitmap[0] >>> 0x20).isEqualTo(1L << 0x13);
      guest.vm().readDirtyLog(guest.memory(), bitmap);
      assertThat(bitmap).containsOnly(0);
    }
  }

  @Test
  void refusesUnsuitableBitmap() {
    GuestMemory memory = vm.addMemory(0, BASE, 65 * 4096);

    assertThatThrownBy(() -> vm.readDirtyLog(memory, new long[1]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("dirty bitmap too small: expected=2 actual=1");
    try (VirtualMachine other = kvm.createVirtualMachine()) {
      assertThatThrownBy(() -> other.readDirtyLog(memory, new long[2]))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("another virtual machine");
    }
  }
}
