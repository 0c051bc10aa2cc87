package io.understudy.machine;

import io.understudy.machine.devices.ConsoleSink;
import io.understudy.machine.devices.Pic;
import io.understudy.machine.devices.PicState;
import io.understudy.machine.devices.Pit;
import io.understudy.machine.devices.PitState;
import io.understudy.machine.devices.PortBus;
import io.understudy.machine.devices.ResetPort;
import io.understudy.machine.devices.ResetPortState;
import io.understudy.machine.devices.Rtc;
import io.understudy.machine.devices.RtcState;
import io.understudy.machine.devices.Uart;
import io.understudy.machine.devices.UartState;
import io.understudy.machine.devices.VirtualClock;
import io.understudy.machine.devices.VirtualClockState;
import io.understudy.schemas.avro.DeviceState;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import net.openhft.hashing.LongHashFunction;

/** The devices of the machine and how they are wired. Owned by the vCPU thread. */
final class Devices {
  private static final LongHashFunction HASH = LongHashFunction.xx3();
  private static final int TIMER_IRQ = 0;
  private static final int CONSOLE_IRQ = 4;

  private final PortBus ports = new PortBus();
  private final VirtualClock clock = new VirtualClock();
  private final Pic pic = new Pic();
  private final Pit pit = new Pit(clock, pic.line(TIMER_IRQ));
  private final Uart uart;
  private final Rtc rtc;
  private final ResetPort resetPort = new ResetPort();

  Devices(long wallClockEpochMillis, ConsoleSink console) {
    uart = new Uart(pic.line(CONSOLE_IRQ), console);
    rtc = new Rtc(clock, wallClockEpochMillis);
    pic.attachTo(ports);
    pit.attachTo(ports);
    uart.attachTo(ports);
    rtc.attachTo(ports);
    resetPort.attachTo(ports);
  }

  VirtualClock clock() {
    return clock;
  }

  Pic pic() {
    return pic;
  }

  Pit pit() {
    return pit;
  }

  Uart uart() {
    return uart;
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
    return states;
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
    return digest;
  }

  PortBus ports() {
    return ports;
  }
}
