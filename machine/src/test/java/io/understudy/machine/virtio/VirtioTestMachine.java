package io.understudy.machine.virtio;

import io.understudy.machine.devices.KeyboardController;
import io.understudy.machine.devices.Pic;
import io.understudy.machine.devices.PicState;
import io.understudy.machine.devices.PortBus;
import io.understudy.machine.devices.ResetPort;
import io.understudy.machine.disk.BaseImage;
import io.understudy.machine.disk.OverlayDisk;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** One of each virtio device on a bus, and what goes with a bus, with 1 MiB of RAM. */
final class VirtioTestMachine {

  static final int BLOCK_SLOT = 1;
  static final int NET_SLOT = 2;
  static final int CONSOLE_SLOT = 3;
  static final int RNG_SLOT = 4;

  /** A second disk, read-only, which shares the interrupt of the first. */
  static final int READ_ONLY_SLOT = 5;

  static final int DISK_SECTORS = 203;
  static final byte[] MAC = {0x02, 0x11, 0x22, 0x33, 0x44, 0x55};
  static final byte[] SEED = new byte[32];

  final ByteArrayRam ram = new ByteArrayRam(1 << 20);
  final PortBus ports = new PortBus();
  final Pic pic = new Pic();
  final ResetPort reset = new ResetPort();
  final KeyboardController keyboard = new KeyboardController(reset);
  final List<byte[]> frames = new ArrayList<>();
  final ByteArrayOutputStream printed = new ByteArrayOutputStream();
  final OverlayDisk disk = new OverlayDisk(new ArrayImage(pattern(DISK_SECTORS * 512)));
  final VirtioDevices devices;
  final VirtioBlock block;
  final VirtioNet net;
  final VirtioConsole console;
  final VirtioRng rng;

  VirtioTestMachine() {
    reset.attachBesidePciTo(ports);
    keyboard.attachTo(ports);
    pic.attachTo(ports);
    devices = new VirtioDevices(ports, pic, reset, ram);
    block = devices.addBlock(disk, "understudy-0", false);
    net = devices.addNet(MAC, frames::add);
    console = devices.addConsole(printed::write);
    rng = devices.addRng(SEED);
    devices.addBlock(new OverlayDisk(new ArrayImage(pattern(4096))), "understudy-1", true);
  }

  /** Bytes that are different in every sector. */
  static byte[] pattern(int length) {
    byte[] bytes = new byte[length];
    for (int index = 0; index < length; index++) {
      bytes[index] = (byte) (index * 31 + index / 512 * 7);
    }
    return bytes;
  }

  /** A driver of the device in {@code slot}, with an eighth of memory to itself. */
  VirtioTestDriver driver(int slot) {
    int share = ram.sizeBytes() / 8;
    return new VirtioTestDriver(ports, ram, slot, (long) slot * share, share);
  }

  /** Whether the interrupt controller's input {@code irq} is requested. */
  boolean isRequested(int irq) {
    PicState state = pic.save();
    return irq < 8
        ? (state.master().requests() & (1 << irq)) != 0
        : (state.slave().requests() & (1 << (irq - 8))) != 0;
  }

  /** Everything there is, to be put into another machine. */
  void copyTo(VirtioTestMachine other) {
    ram.copyTo(other.ram);
    byte[] content = new byte[OverlayDisk.BLOCK_BYTES];
    for (int number = 0; number < disk.blockCount(); number++) {
      if (disk.isInOverlay(number)) {
        disk.readBlock(number, content);
        other.disk.loadBlock(number, content);
      }
    }
    other.devices.restore(devices.save());
    other.pic.restore(pic.save());
    other.reset.restore(reset.save());
    other.keyboard.restore(keyboard.save());
  }

  /** A base image in an array. */
  static final class ArrayImage implements BaseImage {
    private final byte[] bytes;

    ArrayImage(byte[] bytes) {
      this.bytes = bytes;
    }

    @Override
    public long length() {
      return bytes.length;
    }

    @Override
    public void read(long position, byte[] target, int offset, int length) {
      byte[] part =
          Arrays.copyOfRange(bytes, Math.toIntExact(position), Math.toIntExact(position + length));
      System.arraycopy(part, 0, target, offset, length);
    }
  }
}
