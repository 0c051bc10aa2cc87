package io.understudy.machine;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.kvm.GuestMemory;
import io.understudy.kvm.Kvm;
import io.understudy.kvm.RequiresKvm;
import io.understudy.kvm.VirtualMachine;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Memory that devices write, and the digest that has to know of it. */
@RequiresKvm
class MemoryDigestKvmIT {
  private static final int PAGE = Machine.PAGE_SIZE;
  private static final long MEMORY = 64 * PAGE;

  private Kvm kvm;
  private VirtualMachine vm;
  private GuestMemory memory;
  private DeviceMemory devices;

  @BeforeEach
  void open() {
    kvm = Kvm.open();
    vm = kvm.createVirtualMachine();
    memory = vm.addMemory(0, 0, MEMORY);
    devices = new DeviceMemory(memory);
  }

  @AfterEach
  void close() {
    vm.close();
    kvm.close();
  }

  @Test
  void marksThePagesThatDevicesWrite() {
    devices.write(3 * PAGE - 1, new byte[] {1, 2}, 0, 2);
    devices.write(7 * PAGE, new byte[PAGE], 0, PAGE);
    devices.write(9 * PAGE, new byte[4], 2, 0);
    devices.writeLong(MEMORY - 8, 1);

    assertThat(devices.takeWritten().stream()).containsExactly(2, 3, 7, 63);
    assertThat(devices.takeWritten().isEmpty()).as("taken once").isTrue();
  }

  @Test
  void knowsWhatIsRam() {
    assertThat(devices.contains(0, MEMORY)).isTrue();
    assertThat(devices.contains(MEMORY, 0)).isTrue();
    assertThat(devices.contains(MEMORY - 1, 2)).isFalse();
    assertThat(devices.contains(-1, 1)).isFalse();
    assertThat(devices.contains(0, -1)).isFalse();
    assertThat(devices.contains(Long.MAX_VALUE, Long.MAX_VALUE)).isFalse();
  }

  @Test
  void digestFollowsWhatDevicesWrite() {
    MemoryDigest digest = new MemoryDigest(vm, memory, devices);
    long empty = digest.update();

    devices.write(5 * PAGE + 17, new byte[] {1}, 0, 1);
    long written = digest.update();
    assertThat(written).isNotEqualTo(empty);
    assertThat(new MemoryDigest(vm, memory, devices).update()).isEqualTo(written);
    assertThat(digest.takeChanged().stream()).containsExactly(5);

    devices.write(5 * PAGE + 17, new byte[] {0}, 0, 1);
    assertThat(digest.update()).isEqualTo(empty);
    assertThat(digest.takeChanged().stream()).as("has differed in between").containsExactly(5);

    devices.write(6 * PAGE, new byte[] {0}, 0, 1);
    assertThat(digest.takeChanged().isEmpty()).as("written with what was there").isTrue();
  }

  @Test
  void startsWithEveryPageThatIsNotZero() {
    memory.writeLong(2 * PAGE, 1);
    devices.writeLong(4 * PAGE, 0);

    MemoryDigest digest = new MemoryDigest(vm, memory, devices);

    assertThat(digest.takeChanged().stream()).containsExactly(2);
    assertThat(digest.takeChanged().isEmpty()).isTrue();
  }

  @Test
  void tellsEqualPagesInOtherPlacesApart() {
    devices.writeLong(2 * PAGE, 42);
    MemoryDigest digest = new MemoryDigest(vm, memory, devices);
    long there = digest.update();

    devices.writeLong(2 * PAGE, 0);
    devices.writeLong(3 * PAGE, 42);

    assertThat(digest.update()).isNotEqualTo(there);
    assertThat(IntStream.of(2, 3).mapToLong(page -> digest.pageHashes()[page]).distinct())
        .hasSize(2);
  }
}
