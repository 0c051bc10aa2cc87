package io.understudy.machine;

import io.understudy.machine.devices.KeyboardController;
import io.understudy.machine.devices.KeyboardControllerState;
import io.understudy.machine.devices.Pic;
import io.understudy.machine.devices.PicState;
import io.understudy.machine.devices.Pit;
import io.understudy.machine.devices.PitState;
import io.understudy.machine.devices.PmTimer;
import io.understudy.machine.devices.PortBus;
import io.understudy.machine.devices.ResetPort;
import io.understudy.machine.devices.ResetPortState;
import io.understudy.machine.devices.Rtc;
import io.understudy.machine.devices.RtcState;
import io.understudy.machine.devices.Uart;
import io.understudy.machine.devices.UartState;
import io.understudy.machine.devices.VirtualClock;
import io.understudy.machine.devices.VirtualClockState;
import io.understudy.machine.disk.BaseImage;
import io.understudy.machine.disk.OverlayDisk;
import io.understudy.machine.linux.LinuxCommandLine;
import io.understudy.machine.virtio.GuestRam;
import io.understudy.machine.virtio.VirtioConsole;
import io.understudy.machine.virtio.VirtioDevices;
import io.understudy.machine.virtio.VirtioDevicesState;
import io.understudy.machine.virtio.VirtioNet;
import io.understudy.schemas.Attachments;
import io.understudy.schemas.avro.DeviceState;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import net.openhft.hashing.LongHashFunction;

/** The devices of the machine and how they are wired. Owned by the vCPU thread. */
final class Devices {
  private static final LongHashFunction HASH = LongHashFunction.xx3();
  private static final int TIMER_IRQ = 0;
  private static final int CONSOLE_IRQ = 4;

  private static final int CLOCK_FIRST_PORT = LinuxCommandLine.PM_TIMER_PORT;
  private static final int CLOCK_LAST_PORT = CLOCK_FIRST_PORT + 3;
  private static final String DISK_SERIAL = "understudy";

  private final PortBus ports = new PortBus();
  private final VirtualClock clock = new VirtualClock();
  private final Injections injections = new Injections();
  private final Pic pic = new Pic();
  private final Pit pit = new Pit(clock, pic.line(TIMER_IRQ));
  private final Uart uart;
  private final Rtc rtc;
  private final ResetPort resetPort = new ResetPort();
  private final boolean consoleIsVirtio;

  /** What a PC with a PCI bus has beside; null where there is none. */
  private final KeyboardController keyboard;

  private final VirtioDevices virtio;
  private final VirtioNet network;
  private final VirtioConsole virtioConsole;
  private final OverlayDisk disk;

  /**
   * The devices of {@code config}, in their power-on state.
   *
   * @param base content of the disk, or null if the configuration has none
   * @param ram guest memory
   * @param output takes what the guest puts out
   */
  Devices(MachineConfig config, BaseImage base, GuestRam ram, MachineOutput output) {
    consoleIsVirtio = config.consoleDevice().equals(Attachments.VIRTIO);
    uart = new Uart(pic.line(CONSOLE_IRQ), consoleIsVirtio ? nowhere -> {} : output);
    rtc = new Rtc(clock, config.wallClockEpochMillis());
    pic.attachTo(ports);
    pit.attachTo(ports);
    uart.attachTo(ports);
    rtc.attachTo(ports);
    disk = base == null ? null : new OverlayDisk(base);
    if (!config.hasPci()) {
      resetPort.attachTo(ports);
      keyboard = null;
      virtio = null;
      network = null;
      virtioConsole = null;
      return;
    }
    resetPort.attachBesidePciTo(ports);
    keyboard = new KeyboardController(resetPort);
    keyboard.attachTo(ports);
    new PmTimer(clock).attachTo(ports);
    virtio = new VirtioDevices(ports, pic, resetPort, ram);
    if (disk != null) {
      virtio.addBlock(disk, DISK_SERIAL, false);
    }
    network =
        config.macAddress().isEmpty()
            ? null
            : virtio.addNet(
                HexFormat.ofDelimiter(":").parseHex(config.macAddress()), output::frame);
    virtioConsole = consoleIsVirtio ? virtio.addConsole(output) : null;
    virtio.addRng(config.seedFor("rng"));
  }

  VirtualClock clock() {
    return clock;
  }

  Injections injections() {
    return injections;
  }

  Pic pic() {
    return pic;
  }

  Pit pit() {
    return pit;
  }

  /** The disk, or null. */
  OverlayDisk disk() {
    return disk;
  }

  /** Whether reading {@code port} shows the guest what time it is. */
  boolean isClockPort(int port) {
    return keyboard != null && port >= CLOCK_FIRST_PORT && port <= CLOCK_LAST_PORT;
  }

  void receive(byte[] bytes) {
    if (consoleIsVirtio) {
      virtioConsole.receive(bytes);
    } else {
      uart.receive(bytes);
    }
  }

  int receiveRoom() {
    return consoleIsVirtio ? virtioConsole.receiveRoom() : uart.receiveRoom();
  }

  long receivedBytes() {
    return consoleIsVirtio ? virtioConsole.receivedBytes() : uart.receivedBytes();
  }

  long transmittedBytes() {
    return consoleIsVirtio ? virtioConsole.transmittedBytes() : uart.transmittedBytes();
  }

  /** Whether a frame from outside would find a buffer. */
  boolean canReceiveFrame() {
    return network != null && network.hasReceiveBuffer();
  }

  void receiveFrame(byte[] frame) {
    if (network == null) {
      throw new IllegalStateException("the machine has no network card");
    }
    network.receive(frame);
  }

  long framesSent() {
    return network == null ? 0 : network.framesOut();
  }

  boolean isTimerPending() {
    PicState.Chip master = pic.save().master();
    return (master.requests() & ~master.mask() & (1 << TIMER_IRQ)) != 0;
  }

  void advanceClock(long nanos) {
    clock.advanceTo(nanos);
    pit.clockAdvanced();
  }

  Optional<String> resetRequest() {
    return resetPort.resetRequested() ? Optional.of("guest asked for a reset") : Optional.empty();
  }

  /** One IN of {@code count} elements: REP INS, which KVM hands over in one exit. */
  byte[] in(int port, int size, int count) {
    ByteBuffer data = ByteBuffer.allocate(size * count);
    for (int element = 0; element < count; element++) {
      int value = ports.in(port, size);
      for (int index = 0; index < size; index++) {
        data.put((byte) (value >>> (8 * index)));
      }
    }
    return data.array();
  }

  /** One OUT of as many elements of {@code size} bytes as {@code data} holds. */
  void out(int port, int size, byte[] data) {
    for (int at = 0; at < data.length; at += size) {
      int value = 0;
      for (int index = 0; index < size; index++) {
        value |= (data[at + index] & 0xff) << (8 * index);
      }
      ports.out(port, size, value);
    }
  }

  /** All states, in an order that is part of the format. */
  List<DeviceState> save() {
    List<DeviceState> states = new ArrayList<>();
    states.add(state("clock", clock.save()));
    states.add(state("pic", pic.save()));
    states.add(state("pit", pit.save()));
    states.add(state("uart", uart.save()));
    states.add(state("rtc", rtc.save()));
    states.add(state("reset", resetPort.save()));
    states.add(state("injections", injections.save()));
    if (virtio != null) {
      states.add(state("keyboard", keyboard.save()));
      states.add(state("virtio", virtio.save()));
    }
    return states;
  }

  /** The states that an interrupt's delivery changes. */
  List<DeviceState> saveInterrupts() {
    return List.of(state("pic", pic.save()), state("injections", injections.save()));
  }

  /** Puts states of {@link #saveInterrupts} back. */
  void restoreInterrupts(List<DeviceState> states) {
    injections.restore(find(states, "injections", Injections.State.class));
    pic.restore(find(states, "pic", PicState.class));
  }

  private static DeviceState state(String name, Record state) {
    return new DeviceState(name, Machine.VERSION, ByteBuffer.wrap(RecordCodec.encode(state)));
  }

  /** Puts states of {@link #save} back; every device must be named once. */
  void restore(List<DeviceState> states) {
    clock.restore(find(states, "clock", VirtualClockState.class));
    pit.restore(find(states, "pit", PitState.class));
    uart.restore(find(states, "uart", UartState.class));
    rtc.restore(find(states, "rtc", RtcState.class));
    resetPort.restore(find(states, "reset", ResetPortState.class));
    injections.restore(find(states, "injections", Injections.State.class));
    if (virtio != null) {
      keyboard.restore(find(states, "keyboard", KeyboardControllerState.class));
      virtio.restore(find(states, "virtio", VirtioDevicesState.class));
    }
    // Last: whatever the others did to their lines while they were restored does not count.
    pic.restore(find(states, "pic", PicState.class));
  }

  private static <T extends Record> T find(List<DeviceState> states, String name, Class<T> type) {
    List<DeviceState> found = states.stream().filter(s -> s.getName().equals(name)).toList();
    if (found.size() != 1 || found.get(0).getVersion() != Machine.VERSION) {
      throw new IllegalArgumentException(
          "a machine's state must hold device '"
              + name
              + "' once, of version "
              + Machine.VERSION
              + ": found="
              + found.stream().map(DeviceState::getVersion).toList());
    }
    ByteBuffer bytes = found.get(0).getState().duplicate();
    byte[] copy = new byte[bytes.remaining()];
    bytes.get(copy);
    return RecordCodec.decode(type, copy);
  }

  /** Digest of all device states and of what the machine itself keeps beside them. */
  long digest(long position, boolean halted, boolean interruptible) {
    long digest = RegisterDigest.combine(position, (halted ? 1 : 0) | (interruptible ? 2 : 0));
    for (DeviceState state : save()) {
      digest = RegisterDigest.combine(digest, HASH.hashBytes(state.getState().array()));
    }
    if (disk != null) {
      digest = RegisterDigest.combine(digest, disk.digest());
    }
    return digest;
  }

  PortBus ports() {
    return ports;
  }
}
