package io.understudy.kvm;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * The model-specific registers that belong to a vCPU's saved state: architectural, visible to the
 * guest, and independent of the host. Left out on purpose: the time stamp counter (0x10) and
 * everything derived from it, feature and microcode registers, performance counters, machine check,
 * and KVM's own registers, which the guest is not offered; also registers that only some processors
 * have, so that the list is the same on every host. FS and GS base and EFER are part of the special
 * registers.
 *
 * <p>Indices: Intel SDM volume 4, AMD APM volume 2 appendix A; names of asm/msr-index.h.
 */
final class SavedMsrs {
  static final List<Integer> CANDIDATES =
      List.of(
          0x174, // IA32_SYSENTER_CS
          0x175, // IA32_SYSENTER_ESP
          0x176, // IA32_SYSENTER_EIP
          0x1D9, // IA32_DEBUGCTL
          0x277, // IA32_PAT
          0xC0000081, // STAR
          0xC0000082, // LSTAR
          0xC0000083, // CSTAR
          0xC0000084, // SYSCALL_MASK
          0xC0000102); // KERNEL_GS_BASE

  /**
   * Memory type range registers. KVM_GET_MSR_INDEX_LIST does not name them, though the guest can
   * write them and read them back.
   */
  private static final int[] MEMORY_TYPE_RANGES =
      IntStream.concat(
              IntStream.rangeClosed(0x200, 0x20F),
              IntStream.of(
                  0x250, 0x258, 0x259, 0x268, 0x269, 0x26A, 0x26B, 0x26C, 0x26D, 0x26E, 0x26F,
                  0x2FF))
          .toArray();

  private final int[] indices;

  private SavedMsrs(int[] indices) {
    this.indices = indices;
  }

  /** The candidates this host offers, tried on a vCPU. */
  static SavedMsrs offeredBy(int[] indexList, int vcpuFd, NativeBuffer scratch) {
    IntStream listed =
        CANDIDATES.stream()
            .mapToInt(Integer::intValue)
            .filter(i -> Arrays.stream(indexList).anyMatch(offered -> offered == i));
    IntStream readable =
        IntStream.concat(listed, Arrays.stream(MEMORY_TYPE_RANGES))
            .filter(i -> canRead(i, vcpuFd, scratch));
    return new SavedMsrs(readable.sorted().toArray());
  }

  SortedMap<Integer, Long> get(int vcpuFd, NativeBuffer scratch) {
    ByteBuffer bytes = scratch.bytes();
    putIndices(scratch, indices);
    int done = Ioctl.KVM_GET_MSRS.call(vcpuFd, scratch.address());
    if (done < indices.length) {
      throw partly(Ioctl.KVM_GET_MSRS, indices[done], done, indices.length);
    }
    SortedMap<Integer, Long> values = new TreeMap<>();
    for (int i = 0; i < indices.length; i++) {
      values.put(indices[i], bytes.getLong(entry(i) + Layout.Msrs.ENTRY_DATA));
    }
    return values;
  }

  static void set(SortedMap<Integer, Long> values, int vcpuFd, NativeBuffer scratch) {
    int[] indices = values.keySet().stream().mapToInt(Integer::intValue).toArray();
    putIndices(scratch, indices);
    int at = 0;
    for (long value : values.values()) {
      scratch.bytes().putLong(entry(at++) + Layout.Msrs.ENTRY_DATA, value);
    }
    int done = Ioctl.KVM_SET_MSRS.call(vcpuFd, scratch.address());
    if (done < indices.length) {
      throw partly(Ioctl.KVM_SET_MSRS, indices[done], done, indices.length);
    }
  }

  private static boolean canRead(int index, int vcpuFd, NativeBuffer scratch) {
    putIndices(scratch, new int[] {index});
    return Ioctl.KVM_GET_MSRS.attempt(vcpuFd, scratch.address()) == 1;
  }

  private static void putIndices(NativeBuffer scratch, int[] indices) {
    ByteBuffer bytes = scratch.bytes();
    int needed = entry(indices.length);
    if (needed > bytes.capacity()) {
      throw new IllegalArgumentException("too many MSRs: count=" + indices.length);
    }
    scratch.clear(0, needed);
    bytes.putInt(Layout.Msrs.NMSRS, indices.length);
    for (int i = 0; i < indices.length; i++) {
      bytes.putInt(entry(i) + Layout.Msrs.ENTRY_INDEX, indices[i]);
    }
  }

  private static int entry(int i) {
    return Layout.Msrs.ENTRIES + i * Layout.Msrs.ENTRY_SIZE;
  }

  private static KvmException partly(Ioctl ioctl, int index, int done, int wanted) {
    return new KvmException(
        ioctl.name(),
        0,
        "refusedMsr=0x" + Integer.toHexString(index) + " done=" + done + " wanted=" + wanted);
  }
}
