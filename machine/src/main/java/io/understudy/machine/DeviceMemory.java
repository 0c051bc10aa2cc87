package io.understudy.machine;

import io.understudy.kvm.GuestMemory;
import io.understudy.machine.virtio.GuestRam;
import java.util.BitSet;

/**
 * Guest memory as devices see it. Remembers which pages they wrote, because KVM's dirty log holds
 * the guest's own writes only.
 *
 * <p>Owned by the vCPU thread.
 */
final class DeviceMemory implements GuestRam {
  private final GuestMemory memory;
  private final BitSet written = new BitSet();

  DeviceMemory(GuestMemory memory) {
    this.memory = memory;
  }

  @Override
  public boolean contains(long address, long length) {
    return address >= 0
        && length >= 0
        && address <= memory.sizeBytes()
        && length <= memory.sizeBytes() - address;
  }

  @Override
  public void read(long address, byte[] target, int offset, int length) {
    memory.read(address, target, offset, length);
  }

  @Override
  public void write(long address, byte[] source, int offset, int length) {
    memory.write(address, source, offset, length);
    if (length > 0) {
      int first = (int) (address / Machine.PAGE_SIZE);
      int last = (int) ((address + length - 1) / Machine.PAGE_SIZE);
      written.set(first, last + 1);
    }
  }

  /** Pages that devices wrote since this was last called. */
  BitSet takeWritten() {
    BitSet taken = (BitSet) written.clone();
    written.clear();
    return taken;
  }
}
