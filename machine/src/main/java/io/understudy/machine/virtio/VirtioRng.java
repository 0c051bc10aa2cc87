package io.understudy.machine.virtio;

import io.understudy.schemas.Hashes;
import java.security.MessageDigest;

/**
 * The virtio entropy device. Its bytes only look random: they are SHA-256 of the run's seed and a
 * counter, block after block, so every replica hands out the same ones. They are as secret as the
 * seed.
 *
 * <p>Owned by the vCPU thread. Block <i>n</i>, from 0, is the hash of the seed's 32 bytes and of
 * <i>n</i> as 8 bytes, big-endian. A request is filled up to 65536 bytes and given back at once.
 *
 * <p>Source: virtio 1.1, 5.4.
 */
public final class VirtioRng extends VirtioDevice {

  /** Bytes in a seed. */
  public static final int SEED_BYTES = 32;

  static final int BLOCK_BYTES = 32;

  private static final int VIRTIO_ID = 4;
  private static final int PCI_DEVICE_ID = 0x1005;
  private static final int OTHER_DEVICE = 0xFF_0000;
  private static final int QUEUE_ENTRIES = 8;
  private static final int MAX_REQUEST_BYTES = 65_536;

  private byte[] seed;

  /** Number of the next block. */
  private long counter;

  /** The block before it, and how much of it has been handed out. */
  private byte[] block = new byte[BLOCK_BYTES];

  private int position = BLOCK_BYTES;

  /**
   * @param seed 32 bytes, of the run's own
   */
  public VirtioRng(byte[] seed) {
    if (seed.length != SEED_BYTES) {
      throw new IllegalArgumentException(
          "seed must have " + SEED_BYTES + " bytes: length=" + seed.length);
    }
    this.seed = seed.clone();
  }

  @Override
  void notified(int queueIndex) throws VirtioFaultException {
    Virtqueue queue = transport().queue(queueIndex);
    for (DescriptorChain chain = queue.take(); chain != null; chain = queue.take()) {
      queue.giveBack(chain, fill(chain));
    }
  }

  private long fill(DescriptorChain chain) {
    int length = (int) Math.min(MAX_REQUEST_BYTES, chain.writable());
    int left = length;
    while (left > 0) {
      if (position == BLOCK_BYTES) {
        block = block(counter);
        counter++;
        position = 0;
      }
      int part = Math.min(left, BLOCK_BYTES - position);
      chain.write(block, position, part);
      position += part;
      left -= part;
    }
    return length;
  }

  private byte[] block(long number) {
    MessageDigest sha256 = Hashes.sha256();
    sha256.update(seed);
    for (int shift = 56; shift >= 0; shift -= 8) {
      sha256.update((byte) (number >>> shift));
    }
    return sha256.digest();
  }

  @Override
  int virtioId() {
    return VIRTIO_ID;
  }

  @Override
  int pciDeviceId() {
    return PCI_DEVICE_ID;
  }

  @Override
  int pciClassCode() {
    return OTHER_DEVICE;
  }

  @Override
  int features() {
    return 0;
  }

  @Override
  int queueCount() {
    return 1;
  }

  @Override
  int queueSize() {
    return QUEUE_ENTRIES;
  }

  /** Has no configuration. */
  @Override
  int readConfigByte(int offset) {
    return 0;
  }

  /** The state of the device beside its interface. */
  public VirtioRngState save() {
    return new VirtioRngState(seed, counter, position);
  }

  /** Replaces that state. */
  public void restore(VirtioRngState state) {
    seed = state.seed();
    counter = state.counter();
    position = state.position();
    block = counter == 0 ? new byte[BLOCK_BYTES] : block(counter - 1);
  }
}
