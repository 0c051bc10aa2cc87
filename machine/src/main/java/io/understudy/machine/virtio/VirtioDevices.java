package io.understudy.machine.virtio;

import io.understudy.machine.devices.ConsoleSink;
import io.understudy.machine.devices.Pic;
import io.understudy.machine.devices.PortBus;
import io.understudy.machine.devices.ResetPort;
import io.understudy.machine.disk.Disk;
import io.understudy.machine.pci.IntxLine;
import io.understudy.machine.pci.PciBus;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * A PCI bus with the virtio devices of a machine on it, in the order in which they are added, which
 * is part of what the guest sees: the first gets slot 1, the second slot 2, and so on.
 *
 * <p>Owned by the vCPU thread. Interrupts 10, 11, 5 and 9 go round, so from the fifth device on
 * they are shared; they are made level triggered. I/O windows begin at 0xC000, 64 ports for each
 * slot.
 *
 * <p>All devices are added before the guest starts. {@link #restore} must come before that of the
 * interrupt controller, as for all devices.
 */
public final class VirtioDevices {

  private static final int[] IRQS = {10, 11, 5, 9};
  private static final int FIRST_WINDOW = 0xC000;

  private final PciBus bus;
  private final GuestRam ram;
  private final List<IntxLine> lines = new ArrayList<>();
  private final List<VirtioPci> functions = new ArrayList<>();
  private final List<VirtioBlock> blocks = new ArrayList<>();
  private final List<VirtioNet> nets = new ArrayList<>();
  private final List<VirtioConsole> consoles = new ArrayList<>();
  private final List<VirtioRng> rngs = new ArrayList<>();

  /**
   * Makes a bus without devices and attaches it.
   *
   * @param resetPort has the reset control register within the bus's ports; it must be attached by
   *     {@link ResetPort#attachBesidePciTo}
   */
  public VirtioDevices(PortBus ports, Pic pic, ResetPort resetPort, GuestRam ram) {
    this.ram = Objects.requireNonNull(ram, "ram");
    bus = new PciBus(resetPort);
    bus.attachTo(ports);
    for (int irq : IRQS) {
      pic.makeLevelTriggered(irq);
      lines.add(new IntxLine(irq, pic.line(irq)));
    }
  }

  /** Adds a disk; the arguments are those of {@link VirtioBlock}. */
  public VirtioBlock addBlock(Disk disk, String serial, boolean isReadOnly) {
    VirtioBlock block = new VirtioBlock(disk, serial, isReadOnly);
    add(block);
    blocks.add(block);
    return block;
  }

  /** Adds a network interface; the arguments are those of {@link VirtioNet}. */
  public VirtioNet addNet(byte[] mac, FrameSink sink) {
    VirtioNet net = new VirtioNet(mac, sink);
    add(net);
    nets.add(net);
    return net;
  }

  /** Adds a console. */
  public VirtioConsole addConsole(ConsoleSink sink) {
    VirtioConsole console = new VirtioConsole(sink);
    add(console);
    consoles.add(console);
    return console;
  }

  /** Adds an entropy source; the argument is that of {@link VirtioRng}. */
  public VirtioRng addRng(byte[] seed) {
    VirtioRng rng = new VirtioRng(seed);
    add(rng);
    rngs.add(rng);
    return rng;
  }

  private void add(VirtioDevice device) {
    int slot = functions.size() + 1;
    IntxLine line = lines.get(functions.size() % lines.size());
    VirtioPci function =
        new VirtioPci(device, ram, line, FIRST_WINDOW + slot * VirtioPci.WINDOW_BYTES);
    bus.add(slot, function);
    functions.add(function);
  }

  /** The interfaces of the devices, in the order in which they were added. */
  public List<VirtioPci> functions() {
    return List.copyOf(functions);
  }

  /** The complete state of bus and devices, but for the disks. */
  public VirtioDevicesState save() {
    return new VirtioDevicesState(
        bus.save(),
        functions.stream().map(VirtioPci::save).toList(),
        blocks.stream().map(VirtioBlock::save).toList(),
        nets.stream().map(VirtioNet::save).toList(),
        consoles.stream().map(VirtioConsole::save).toList(),
        rngs.stream().map(VirtioRng::save).toList());
  }

  /**
   * Replaces the complete state without driving an interrupt line.
   *
   * @throws IllegalArgumentException if the state is that of other devices
   */
  public void restore(VirtioDevicesState state) {
    checkCount("functions", functions, state.functions());
    checkCount("blocks", blocks, state.blocks());
    checkCount("nets", nets, state.nets());
    checkCount("consoles", consoles, state.consoles());
    checkCount("rngs", rngs, state.rngs());
    bus.restore(state.bus());
    for (int index = 0; index < functions.size(); index++) {
      functions.get(index).restore(state.functions().get(index));
    }
    for (int index = 0; index < blocks.size(); index++) {
      blocks.get(index).restore(state.blocks().get(index));
    }
    for (int index = 0; index < nets.size(); index++) {
      nets.get(index).restore(state.nets().get(index));
    }
    for (int index = 0; index < consoles.size(); index++) {
      consoles.get(index).restore(state.consoles().get(index));
    }
    for (int index = 0; index < rngs.size(); index++) {
      rngs.get(index).restore(state.rngs().get(index));
    }
    lines.forEach(IntxLine::restored);
  }

  private static void checkCount(String name, List<?> here, List<?> saved) {
    if (here.size() != saved.size()) {
      throw new IllegalArgumentException(
          "state is that of other devices: " + name + "=" + here.size() + " saved=" + saved.size());
    }
  }
}
