package io.understudy.machine.devices;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * All devices on one bus, wired as in the machine, writing down everything that can be seen of
 * them.
 */
final class TestDevices {

  /** The saved states of all of them. */
  record State(
      VirtualClockState clock,
      PicState pic,
      PitState pit,
      UartState uart,
      RtcState rtc,
      ResetPortState reset) {}

  private final List<String> seen = new ArrayList<>();
  private final VirtualClock clock = new VirtualClock();
  private final Pic pic = new Pic();
  private final Pit pit = new Pit(clock, level -> drive(0, level));
  private final Uart uart =
      new Uart(level -> drive(4, level), value -> note("console %02x", value));
  private final Rtc rtc;
  private final ResetPort reset = new ResetPort();
  private final PortBus bus = new PortBus();

  TestDevices(long startEpochMillis) {
    rtc = new Rtc(clock, startEpochMillis);
    pic.attachTo(bus);
    pit.attachTo(bus);
    uart.attachTo(bus);
    rtc.attachTo(bus);
    reset.attachTo(bus);
  }

  private void drive(int irq, boolean level) {
    note("irq %d %b", irq, level);
    pic.setLine(irq, level);
  }

  private void note(String format, Object... arguments) {
    seen.add(String.format(Locale.ROOT, format, arguments));
  }

  /** Answers, interrupt wires and console bytes since the last call, in order. */
  List<String> takeSeen() {
    List<String> taken = List.copyOf(seen);
    seen.clear();
    return taken;
  }

  void in(int port, int size) {
    int value = bus.in(port, size);
    if (size < 4 && value >>> (8 * size) != 0) {
      throw new IllegalStateException(
          "answer is wider than the access: port=" + port + " size=" + size + " value=" + value);
    }
    note("in %x/%d = %x", port, size, value);
  }

  void out(int port, int size, int value) {
    bus.out(port, size, value);
  }

  void advance(long nanos) {
    clock.advanceTo(clock.nanos() + nanos);
    pit.clockAdvanced();
    note("next edge %d", pit.nextEdgeNanos());
  }

  void receive(byte[] bytes) {
    if (bytes.length <= uart.receiveRoom()) {
      uart.receive(bytes);
    }
  }

  void insBytes(int count) {
    for (byte value : uart.insBytes(count)) {
      note("ins %02x", value);
    }
  }

  void line(int irq, boolean level) {
    drive(irq, level);
  }

  void acknowledge() {
    note("vector %x", pic.acknowledge());
  }

  /** Notes what the machine asks its devices between two accesses. */
  void observe() {
    note("pending %b reset %b", pic.interruptPending(), reset.resetRequested());
  }

  State save() {
    return new State(clock.save(), pic.save(), pit.save(), uart.save(), rtc.save(), reset.save());
  }

  void restore(State state) {
    clock.restore(state.clock());
    pic.restore(state.pic());
    pit.restore(state.pit());
    uart.restore(state.uart());
    rtc.restore(state.rtc());
    reset.restore(state.reset());
  }
}
