package io.understudy.machine.linux;

import java.util.Arrays;
import java.util.List;

/**
 * What a machine's memory holds before the first instruction, apart from what every guest of the
 * machine gets (page tables, descriptor table). Memory that no chunk covers is zero.
 *
 * <p>Immutable. The vCPU starts in 64-bit mode at {@code entry} with RSI = {@code zeroPage}, the
 * first GiB mapped to itself, and interrupts off ({@code Documentation/arch/x86/boot.rst}, "64-bit
 * Boot Protocol").
 *
 * @param entry guest-physical address of the first instruction
 * @param zeroPage guest-physical address of boot_params
 * @param kernelEnd first address behind the kernel and what it needs zeroed or free to start
 * @param initrdAddress where the initrd begins, 0 if there is none
 * @param initrdBytes its size
 * @param chunks what to write, in ascending order of addresses, without overlap
 */
public record BootImage(
    long entry,
    long zeroPage,
    long kernelEnd,
    long initrdAddress,
    long initrdBytes,
    List<Chunk> chunks) {
  /** Takes a copy of the list. */
  public BootImage {
    chunks = List.copyOf(chunks);
  }

  /** Where chunks go; {@code GuestMemory.write} is one. */
  @FunctionalInterface
  public interface Target {
    /** Writes {@code length} bytes of {@code source} from {@code offset}; must not change them. */
    void write(long address, byte[] source, int offset, int length);
  }

  /** Bytes and the guest-physical address they belong at. Immutable. */
  public static final class Chunk {
    private final long address;
    private final byte[] source;
    private final int offset;
    private final int length;

    /** Shares {@code source}, which nobody changes afterwards. */
    Chunk(long address, byte[] source, int offset, int length) {
      this.address = address;
      this.source = source;
      this.offset = offset;
      this.length = length;
    }

    Chunk(long address, byte[] source) {
      this(address, source, 0, source.length);
    }

    /** Guest-physical address of the first byte. */
    public long address() {
      return address;
    }

    /** Number of bytes. */
    public int length() {
      return length;
    }

    /** The bytes, a copy. */
    public byte[] bytes() {
      return Arrays.copyOfRange(source, offset, offset + length);
    }

    /** Writes the bytes without copying them first. */
    public void writeTo(Target target) {
      target.write(address, source, offset, length);
    }
  }

  /** Writes all chunks. */
  public void writeTo(Target target) {
    chunks.forEach(chunk -> chunk.writeTo(target));
  }
}
