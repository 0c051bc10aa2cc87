package io.understudy.machine.devices;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * The 8254 interval timer at ports 0x40 to 0x43 and the system control port 0x61 in front of its
 * third channel.
 *
 * <p>Owned by the vCPU thread. Channel 0 raises IRQ 0, channel 1 (memory refresh) does nothing,
 * channel 2 is the speaker's. Time is the virtual clock's; ticks are {@code floor(nanos * 1193182 /
 * 10^9)}, exactly.
 *
 * <p>IRQ 0 is a pulse at every rising edge of channel 0. Edges are delivered when {@link
 * #clockAdvanced()} or a port access notices them; several that have passed since the last time
 * become one, as they would in the interrupt controller's latch. A machine that wants every tick
 * advances the clock in steps of {@link #nextEdgeNanos()}.
 *
 * <p>Source of the rules: Linux arch/x86/kvm/i8254.c; see {@code PitChannel} for where they leave
 * the data sheet.
 */
public final class Pit implements PortDevice {

  private static final int FIRST_COUNTER = 0x40;
  private static final int LAST_COUNTER = 0x42;
  private static final int CONTROL = 0x43;
  private static final int SYSTEM_CONTROL = 0x61;

  private static final int GATE_2 = 0x01;
  private static final int SPEAKER = 0x02;
  private static final int REFRESH_TOGGLE = 0x10;
  private static final int OUT_2 = 0x20;

  /** A PC's firmware sets channel 1 to refresh memory every 18 ticks, about 15 microseconds. */
  private static final long REFRESH_TICKS = 18;

  private final VirtualClock clock;
  private final IrqLine irq0;
  private final PitChannel[] channels = {
    new PitChannel(true), new PitChannel(true), new PitChannel(false)
  };
  private boolean speakerEnabled;
  private long evaluatedTick;

  /** Makes a timer in its power-on state, in which no channel has been programmed. */
  public Pit(VirtualClock clock, IrqLine irq0) {
    this.clock = Objects.requireNonNull(clock, "clock");
    this.irq0 = Objects.requireNonNull(irq0, "irq0");
  }

  /** Attaches the device to its ports. */
  public void attachTo(PortBus bus) {
    bus.attach(FIRST_COUNTER, CONTROL, this);
    bus.attach(SYSTEM_CONTROL, SYSTEM_CONTROL, this);
  }

  /**
   * Delivers the edge of channel 0, if there was one since the last call; to be called after the
   * clock has moved.
   */
  public void clockAdvanced() {
    evaluate();
  }

  /**
   * Virtual time in nanoseconds of the next rising edge of channel 0 that has not been delivered,
   * {@link Long#MAX_VALUE} if there is none.
   */
  public long nextEdgeNanos() {
    long tick = channels[0].nextInterruptTick(evaluatedTick);
    return tick == PitChannel.NEVER ? Long.MAX_VALUE : PitTicks.startNanos(tick);
  }

  private long evaluate() {
    long nowTick = PitTicks.atNanos(clock.nanos());
    if (channels[0].nextInterruptTick(evaluatedTick) <= nowTick) {
      irq0.set(true);
      irq0.set(false);
    }
    evaluatedTick = nowTick;
    return nowTick;
  }

  @Override
  public int in(int port, int size) {
    Checks.byteAccess(port, size);
    long nowTick = evaluate();
    if (port >= FIRST_COUNTER && port <= LAST_COUNTER) {
      return channels[port - FIRST_COUNTER].read(nowTick);
    }
    return switch (port) {
      case CONTROL -> 0; // write-only; what KVM answers
      case SYSTEM_CONTROL -> readSystemControl(nowTick);
      default -> throw Checks.unknownPort("PIT", port);
    };
  }

  @Override
  public void out(int port, int size, int value) {
    Checks.byteAccess(port, size);
    long nowTick = evaluate();
    int data = value & 0xFF;
    if (port >= FIRST_COUNTER && port <= LAST_COUNTER) {
      channels[port - FIRST_COUNTER].write(data, nowTick);
      return;
    }
    switch (port) {
      case CONTROL -> control(data, nowTick);
      case SYSTEM_CONTROL -> {
        speakerEnabled = (data & SPEAKER) != 0;
        channels[2].setGate((data & GATE_2) != 0, nowTick);
      }
      default -> throw Checks.unknownPort("PIT", port);
    }
  }

  private void control(int controlWord, long nowTick) {
    int selected = controlWord >> 6;
    if (selected == 3) {
      readBack(controlWord, nowTick);
    } else if ((controlWord & 0x30) == 0) {
      channels[selected].latchCount(nowTick);
    } else {
      channels[selected].program(controlWord);
    }
  }

  /**
   * Read-back command: bit 5 clear latches counts, bit 4 clear latches status, bits 1 to 3 select
   * channels.
   */
  private void readBack(int command, long nowTick) {
    for (int i = 0; i < PitState.CHANNELS; i++) {
      if ((command & (2 << i)) == 0) {
        continue;
      }
      if ((command & 0x20) == 0) {
        channels[i].latchCount(nowTick);
      }
      if ((command & 0x10) == 0) {
        channels[i].latchStatus(nowTick);
      }
    }
  }

  /** Bits 6 and 7 stay 0: a guest takes them for the reason of an NMI. */
  private int readSystemControl(long nowTick) {
    int value = 0;
    if (channels[2].gate()) {
      value |= GATE_2;
    }
    if (speakerEnabled) {
      value |= SPEAKER;
    }
    if (nowTick / REFRESH_TICKS % 2 != 0) {
      value |= REFRESH_TOGGLE;
    }
    if (channels[2].out(nowTick)) {
      value |= OUT_2;
    }
    return value;
  }

  /** The complete state; the clock is saved separately. */
  public PitState save() {
    List<PitState.Channel> saved = Arrays.stream(channels).map(PitChannel::save).toList();
    return new PitState(saved, speakerEnabled, evaluatedTick);
  }

  /**
   * Replaces the complete state.
   *
   * @throws IllegalArgumentException if the state is later than the clock, which has to be restored
   *     first
   */
  public void restore(PitState state) {
    long nowTick = PitTicks.atNanos(clock.nanos());
    if (state.evaluatedTick() > nowTick) {
      throw new IllegalArgumentException(
          "timer state is later than the clock: evaluatedTick="
              + state.evaluatedTick()
              + " nowTick="
              + nowTick);
    }
    for (int i = 0; i < PitState.CHANNELS; i++) {
      channels[i].restore(state.channels().get(i));
    }
    speakerEnabled = state.speakerEnabled();
    evaluatedTick = state.evaluatedTick();
  }
}
