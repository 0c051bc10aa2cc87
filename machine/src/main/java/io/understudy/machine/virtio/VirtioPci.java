package io.understudy.machine.virtio;

import io.understudy.machine.devices.Checks;
import io.understudy.machine.devices.PortDevice;
import io.understudy.machine.pci.IntxLine;
import io.understudy.machine.pci.PciConfig;
import io.understudy.machine.pci.PciFunction;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * A virtio device on the PCI bus by the legacy interface: one I/O window of 64 ports, one level
 * triggered interrupt, revision 0, no capabilities.
 *
 * <pre>
 *    0/4  features offered (read)         12/2  entries of the selected queue (read)
 *    4/4  features accepted               14/2  queue selected
 *    8/4  page of the selected queue      16/2  notify: a queue has requests (write)
 *   18/1  status; writing 0 resets        19/1  interrupt status; reading clears it
 *   20..  configuration of the device
 * </pre>
 *
 * <p>Owned by the vCPU thread. Registers can be read in any width, and are written in their own
 * only; configuration in any. Drivers of old use the queues before they say DRIVER_OK, so a notify
 * is served at once; what comes from outside waits for DRIVER_OK. Bus mastering is not asked for
 * either. The class says how a {@linkplain VirtioFault fault} of the guest's ends; see also the
 * package. Source: virtio 0.9.5, 2.2.2; virtio 1.1, 4.1.4.8; Linux
 * drivers/virtio/virtio_pci_legacy.c.
 */
public final class VirtioPci implements PciFunction, PortDevice {

  /** Size of the I/O window in ports. */
  public static final int WINDOW_BYTES = 64;

  private static final int VENDOR = 0x1AF4;

  private static final int FEATURES = 0;
  private static final int GUEST_FEATURES = 4;
  private static final int QUEUE_PAGE = 8;
  private static final int QUEUE_SIZE = 12;
  private static final int QUEUE_SELECT = 14;
  private static final int QUEUE_NOTIFY = 16;
  private static final int STATUS = 18;
  private static final int INTERRUPT_STATUS = 19;
  private static final int DEVICE_CONFIG = 20;

  private static final int STATUS_DRIVER_OK = 0x04;
  private static final int STATUS_NEEDS_RESET = 0x40;

  private static final int INTERRUPT_QUEUE = 0x01;

  /** Bits of the interrupt status; the second, a change of configuration, never happens. */
  static final int INTERRUPT_MASK = 0x03;

  private final VirtioDevice device;
  private final IntxLine line;
  private final PciConfig config;
  private final List<Virtqueue> queues = new ArrayList<>();

  private int guestFeatures;
  private int queueSelect;
  private int status;
  private int interruptStatus;
  private VirtioFault fault = VirtioFault.NONE;

  /**
   * Puts {@code device} behind the interface, in its power-on state.
   *
   * @param windowPort first port of the I/O window until the guest moves it, a multiple of 64
   */
  public VirtioPci(VirtioDevice device, GuestRam ram, IntxLine line, int windowPort) {
    this.device = Objects.requireNonNull(device, "device");
    this.line = Objects.requireNonNull(line, "line");
    Objects.requireNonNull(ram, "ram");
    PciConfig.Identity identity =
        new PciConfig.Identity(
            VENDOR, device.pciDeviceId(), 0, device.pciClassCode(), VENDOR, device.virtioId());
    config = new PciConfig(identity, WINDOW_BYTES, windowPort, line.irq());
    for (int queue = 0; queue < device.queueCount(); queue++) {
      queues.add(new Virtqueue(ram, device.queueSize()));
    }
    device.connect(new Transport());
    line.connect(this::isAsking);
  }

  /** What the guest did to break the device, {@link VirtioFault#NONE} if it works. */
  public VirtioFault fault() {
    return fault;
  }

  private boolean isDriverReady() {
    return (status & STATUS_DRIVER_OK) != 0 && !isBroken();
  }

  private boolean isBroken() {
    return fault != VirtioFault.NONE;
  }

  private void perform(VirtioTransport.Work work) {
    if (isBroken()) {
      return;
    }
    try {
      work.run();
    } catch (VirtioFaultException broken) {
      fault = broken.fault();
    }
    // What was done before the fault is done, and the guest is told of it.
    for (Virtqueue queue : queues) {
      if (queue.takeInterrupt()) {
        interruptStatus |= INTERRUPT_QUEUE;
      }
    }
    settle();
  }

  /** Drives the interrupt wire; ends every change of state. */
  private void settle() {
    config.setInterruptStatus(interruptStatus != 0);
    line.update();
  }

  private boolean isAsking() {
    return interruptStatus != 0 && config.isInterruptEnabled();
  }

  @Override
  public int readConfig(int offset, int size) {
    return config.read(offset, size);
  }

  @Override
  public void writeConfig(int offset, int size, int value) {
    config.write(offset, size, value);
    settle();
  }

  @Override
  public PortDevice ownerOf(int port) {
    return config.decodes(port) ? this : null;
  }

  @Override
  public int widthBytes() {
    return 4;
  }

  @Override
  public int in(int port, int size) {
    int offset = offset(port);
    int value = 0;
    for (int index = 0; index < size; index++) {
      value |= readByte(offset + index) << (8 * index);
    }
    return value;
  }

  private int readByte(int offset) {
    if (offset >= DEVICE_CONFIG) {
      return device.readConfigByte(offset - DEVICE_CONFIG);
    } else if (offset == INTERRUPT_STATUS) {
      return readInterruptStatus();
    } else if (offset == STATUS) {
      return isBroken() ? status | STATUS_NEEDS_RESET : status;
    } else if (offset >= QUEUE_NOTIFY) {
      return 0;
    } else if (offset >= QUEUE_SELECT) {
      return VirtioDevice.byteOf(queueSelect, offset - QUEUE_SELECT);
    } else if (offset >= QUEUE_SIZE) {
      return isQueueSelected()
          ? VirtioDevice.byteOf(selectedQueue().size(), offset - QUEUE_SIZE)
          : 0;
    } else if (offset >= QUEUE_PAGE) {
      return isQueueSelected()
          ? VirtioDevice.byteOf(selectedQueue().pageFrame(), offset - QUEUE_PAGE)
          : 0;
    } else if (offset >= GUEST_FEATURES) {
      return VirtioDevice.byteOf(guestFeatures, offset - GUEST_FEATURES);
    }
    return VirtioDevice.byteOf(device.features(), offset - FEATURES);
  }

  private int readInterruptStatus() {
    int value = interruptStatus;
    interruptStatus = 0;
    settle();
    return value;
  }

  private boolean isQueueSelected() {
    return queueSelect < queues.size();
  }

  private Virtqueue selectedQueue() {
    return queues.get(queueSelect);
  }

  @Override
  public void out(int port, int size, int value) {
    int offset = offset(port);
    if (offset >= DEVICE_CONFIG) {
      for (int index = 0; index < size; index++) {
        device.writeConfigByte(offset - DEVICE_CONFIG + index, VirtioDevice.byteOf(value, index));
      }
    } else if (size == 1 && offset == STATUS) {
      writeStatus(value & 0xFF);
    } else if (size == 2 && offset == QUEUE_SELECT) {
      queueSelect = value & 0xFFFF;
    } else if (size == 2 && offset == QUEUE_NOTIFY) {
      notifyQueue(value & 0xFFFF);
    } else if (size == 4 && offset == GUEST_FEATURES) {
      guestFeatures = value & device.features();
    } else if (size == 4 && offset == QUEUE_PAGE && isQueueSelected()) {
      perform(() -> selectedQueue().place(value));
    }
  }

  private void notifyQueue(int queue) {
    if (queue < queues.size()) {
      perform(() -> device.notified(queue));
    }
  }

  private void writeStatus(int value) {
    if (value == 0) {
      reset();
      return;
    }
    boolean wasReady = isDriverReady();
    status = value & ~STATUS_NEEDS_RESET;
    if (!wasReady && isDriverReady()) {
      perform(device::driverReady);
    }
  }

  private void reset() {
    guestFeatures = 0;
    queueSelect = 0;
    status = 0;
    interruptStatus = 0;
    fault = VirtioFault.NONE;
    queues.forEach(Virtqueue::reset);
    device.reset();
    settle();
  }

  private int offset(int port) {
    int offset = port - config.windowPort();
    if (offset < 0 || offset >= WINDOW_BYTES) {
      throw Checks.unknownPort("virtio device", port);
    }
    return offset;
  }

  /** The complete state of the interface; the device's own is saved by the device. */
  public VirtioPciState save() {
    return new VirtioPciState(
        config.save(),
        guestFeatures,
        queueSelect,
        status,
        interruptStatus,
        fault.code(),
        queues.stream().map(Virtqueue::save).toList());
  }

  /**
   * Replaces the complete state of the interface without driving the interrupt wire: when all
   * functions on it are restored, {@link IntxLine#restored} is to be called.
   *
   * @throws IllegalArgumentException if the state is that of a device with other queues, or a queue
   *     is not in RAM
   */
  public void restore(VirtioPciState state) {
    if (state.queues().size() != queues.size()) {
      throw new IllegalArgumentException(
          "state is that of another device: device="
              + device.getClass().getSimpleName()
              + " queues="
              + queues.size()
              + " saved="
              + state.queues().size());
    }
    config.restore(state.config());
    guestFeatures = Checks.bits("guestFeatures", state.guestFeatures(), device.features());
    queueSelect = state.queueSelect();
    status = state.status();
    interruptStatus = state.interruptStatus();
    fault = VirtioFault.ofCode(state.fault());
    for (int index = 0; index < queues.size(); index++) {
      queues.get(index).restore(state.queues().get(index));
    }
    config.setInterruptStatus(interruptStatus != 0);
  }

  /** What the device sees of all this. */
  private final class Transport implements VirtioTransport {
    @Override
    public Virtqueue queue(int index) {
      return queues.get(index);
    }

    @Override
    public boolean isDriverReady() {
      return VirtioPci.this.isDriverReady();
    }

    @Override
    public void perform(Work work) {
      VirtioPci.this.perform(work);
    }
  }
}
