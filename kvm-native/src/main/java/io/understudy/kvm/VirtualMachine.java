package io.understudy.kvm;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * One virtual machine without in-kernel interrupt controller or timer: every device access reaches
 * the VMM. Owned by one thread at a time. Closing it closes its vCPUs and releases its memory, so
 * no thread may be inside {@link Vcpu#run()} any more; closing twice is harmless.
 */
public final class VirtualMachine implements AutoCloseable {
  /**
   * Three pages KVM may use on Intel hosts without unrestricted guest; customary place below 4 GiB.
   */
  private static final long TSS_ADDRESS = 0xFFFBD000L;

  private static final long IDENTITY_MAP_ADDRESS = 0xFFFBC000L;
  private static final int CLOSED = -1;
  private static final int DETACHED_SLOT = -1;

  private final Kvm kvm;
  private final NativeBuffer scratch;
  private final List<GuestMemory> memories = new ArrayList<>();
  private final List<Vcpu> vcpus = new ArrayList<>();
  private int fd;

  private VirtualMachine(Kvm kvm, int fd, NativeBuffer scratch) {
    this.kvm = kvm;
    this.fd = fd;
    this.scratch = scratch;
  }

  static VirtualMachine create(Kvm kvm, int kvmFd) {
    int fd = Ioctl.KVM_CREATE_VM.call(kvmFd, 0);
    NativeBuffer scratch = NativeBuffer.allocate(Layout.PAGE_SIZE);
    VirtualMachine vm = new VirtualMachine(kvm, fd, scratch);
    try {
      vm.prepare();
    } catch (RuntimeException e) {
      vm.close();
      throw e;
    }
    return vm;
  }

  private void prepare() {
    // Both must come before the first vCPU.
    Ioctl.KVM_SET_TSS_ADDR.call(fd, TSS_ADDRESS);
    scratch.bytes().putLong(0, IDENTITY_MAP_ADDRESS);
    Ioctl.KVM_SET_IDENTITY_MAP_ADDR.call(fd, scratch.address());
    if (!Capability.EXIT_ON_EMULATION_FAILURE.isMissing(
        kvm.extension(Capability.EXIT_ON_EMULATION_FAILURE.number()))) {
      enable(Capability.EXIT_ON_EMULATION_FAILURE, 1);
    }
  }

  /**
   * Adds zeroed RAM with the dirty log on.
   *
   * @param slot number of the memory slot, unique in this machine
   * @param guestAddress guest-physical, a multiple of 4096
   * @param sizeBytes a positive multiple of 4096
   * @throws KvmException when the range overlaps another one or memory is short
   */
  public GuestMemory addMemory(int slot, long guestAddress, long sizeBytes) {
    int open = openFd();
    GuestMemory memory = GuestMemory.map(slot, guestAddress, sizeBytes);
    try {
      ByteBuffer b = scratch.bytes();
      b.putInt(Layout.MemoryRegion.SLOT, slot);
      b.putInt(Layout.MemoryRegion.FLAGS, Layout.MemoryRegion.LOG_DIRTY_PAGES);
      b.putLong(Layout.MemoryRegion.GUEST_PHYS_ADDR, guestAddress);
      b.putLong(Layout.MemoryRegion.MEMORY_SIZE, sizeBytes);
      b.putLong(Layout.MemoryRegion.USERSPACE_ADDR, memory.hostAddress());
      Ioctl.KVM_SET_USER_MEMORY_REGION.call(open, scratch.address());
    } catch (RuntimeException e) {
      memory.unmap();
      throw e;
    }
    memories.add(memory);
    return memory;
  }

  /**
   * Zeroed memory that the guest does not see, for keeping copies of what it sees; released with
   * this machine. Pages that nobody wrote cost nothing.
   *
   * @param sizeBytes a positive multiple of 4096
   */
  public GuestMemory detachedMemory(long sizeBytes) {
    openFd();
    GuestMemory memory = GuestMemory.map(DETACHED_SLOT, 0, sizeBytes);
    memories.add(memory);
    return memory;
  }

  /**
   * Adds a vCPU; the caller closes it, or this machine does when it is closed.
   *
   * @param id 0 for the boot processor
   */
  public Vcpu createVcpu(int id) {
    Vcpu vcpu = Vcpu.create(kvm, openFd(), id);
    vcpus.add(vcpu);
    return vcpu;
  }

  /**
   * Reads which pages the guest wrote since the last call, and starts again. A page is also listed
   * when the processor set an accessed or dirty bit in it; what the VMM wrote is not.
   *
   * @param bitmap filled with one bit for each page, bit 0 of word 0 first; at least {@code
   *     ceil(pageCount / 64)} words, words beyond are not touched
   */
  public void readDirtyLog(GuestMemory memory, long[] bitmap) {
    int open = openFd();
    if (!memories.contains(memory)) {
      throw new IllegalArgumentException(
          "memory of another virtual machine: slot=" + memory.slot());
    }
    int words = GuestMemory.bitmapWords(memory.pageCount());
    if (bitmap.length < words) {
      throw new IllegalArgumentException(
          "dirty bitmap too small: expected=" + words + " actual=" + bitmap.length);
    }
    ByteBuffer b = scratch.bytes();
    b.putLong(Layout.DirtyLog.SLOT, memory.slot());
    b.putLong(Layout.DirtyLog.DIRTY_BITMAP, memory.dirtyBitmap().address());
    Ioctl.KVM_GET_DIRTY_LOG.call(open, scratch.address());
    ByteBuffer log = memory.dirtyBitmap().bytes();
    for (int i = 0; i < words; i++) {
      bitmap[i] = log.getLong(i * Long.BYTES);
    }
  }

  /**
   * Sends every guest access to a model-specific register outside of {@code allowed}, and every one
   * KVM would refuse, to the VMM as {@link VcpuExit.RdMsr} and {@link VcpuExit.WrMsr}. Affects
   * RDMSR and WRMSR only, not instructions such as RDTSC; x2APIC registers (0x800..0x8FF) are never
   * filtered.
   *
   * @param allowed 1 to 16 ranges that KVM handles itself
   * @throws KvmException when the host has no such feature
   */
  public void interceptMsrsExcept(List<MsrRange> allowed) {
    // Without any range KVM takes the filter for an empty one and allows everything.
    if (allowed.isEmpty() || allowed.size() > Layout.MsrFilter.RANGES_MAX) {
      throw new IllegalArgumentException(
          "MSR ranges must be 1 to " + Layout.MsrFilter.RANGES_MAX + ": count=" + allowed.size());
    }
    int open = openFd();
    enable(Capability.X86_USER_SPACE_MSR, Layout.MsrFilter.ALL_REASONS);
    int bitmaps = Layout.MsrFilter.SIZE;
    try (NativeBuffer buffer =
        NativeBuffer.allocate(bitmaps + allowed.size() * Layout.MsrFilter.BITMAP_BYTES_MAX)) {
      ByteBuffer b = buffer.bytes();
      b.putInt(Layout.MsrFilter.FLAGS, Layout.MsrFilter.DEFAULT_DENY);
      for (int i = 0; i < allowed.size(); i++) {
        int bitmap = bitmaps + i * Layout.MsrFilter.BITMAP_BYTES_MAX;
        for (int at = 0; at < Layout.MsrFilter.BITMAP_BYTES_MAX; at++) {
          b.put(bitmap + at, (byte) 0xFF); // a one bit allows the access
        }
        int range = Layout.MsrFilter.RANGES + i * Layout.MsrFilter.RANGE_SIZE;
        b.putInt(range + Layout.MsrFilter.RANGE_FLAGS, Layout.MsrFilter.READ_AND_WRITE);
        b.putInt(range + Layout.MsrFilter.RANGE_NMSRS, allowed.get(i).count());
        b.putInt(range + Layout.MsrFilter.RANGE_BASE, allowed.get(i).first());
        b.putLong(range + Layout.MsrFilter.RANGE_BITMAP, buffer.address() + bitmap);
      }
      Ioctl.KVM_X86_SET_MSR_FILTER.call(open, buffer.address());
    }
  }

  private void enable(Capability capability, long argument) {
    scratch.clear(0, Layout.EnableCap.SIZE);
    scratch.bytes().putInt(Layout.EnableCap.CAP, capability.number());
    scratch.bytes().putLong(Layout.EnableCap.ARGS, argument);
    Ioctl.KVM_ENABLE_CAP.call(openFd(), scratch.address());
  }

  private int openFd() {
    if (fd == CLOSED) {
      throw new IllegalStateException("virtual machine is closed");
    }
    return fd;
  }

  /**
   * Closes the vCPUs, the machine and its memory.
   *
   * @throws IllegalStateException when a vCPU is running; nothing is closed then
   */
  @Override
  public void close() {
    if (fd == CLOSED) {
      return;
    }
    vcpus.forEach(Vcpu::close);
    LibC.close(fd);
    fd = CLOSED;
    // Only now: while the machine exists the kernel may write to its memory.
    memories.forEach(GuestMemory::unmap);
    scratch.close();
  }
}
