package io.understudy.machine.devices;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tag;
import net.jqwik.api.Tuple;

/** The console loses, repeats and reorders nothing, whatever else the guest does to the port. */
@Tag("simulation")
class UartSimulationTest {

  private static final int DATA = 0x3F8;
  private static final int LCR = 0x3FB;
  private static final int MCR = 0x3FC;
  private static final int LSR = 0x3FD;

  /** What has gone in and come out; also the wire, to check that it agrees with IIR. */
  private static final class Console {
    final ByteArrayOutputStream typed = new ByteArrayOutputStream();
    final ByteArrayOutputStream read = new ByteArrayOutputStream();
    final ByteArrayOutputStream written = new ByteArrayOutputStream();
    final ByteArrayOutputStream sent = new ByteArrayOutputStream();
    final Uart uart = new Uart(level -> wire = level, sent::write);
    private boolean wire;

    void readOne() {
      if ((uart.in(LSR, 1) & 1) != 0) {
        read.write(uart.in(DATA, 1));
      }
    }

    void type(byte[] bytes) {
      typed.writeBytes(bytes);
      uart.receive(bytes);
    }

    void write(byte[] bytes) {
      written.writeBytes(bytes);
      uart.outsBytes(bytes);
    }

    /** Accesses to the divisor latch, with bytes on their way in both directions. */
    void setDivisor(int value) {
      uart.out(LCR, 1, 0x83);
      uart.out(DATA, 1, value);
      assertThat(uart.insBytes(1)).containsExactly(value);
      uart.out(LCR, 1, 0x03);
    }

    void out(int port, int value) {
      uart.out(port, 1, value);
    }

    boolean wire() {
      return wire;
    }
  }

  private interface Step {
    void apply(Console console);
  }

  @Property(tries = 500)
  void bytesPassInOrder(@ForAll boolean fifo, @ForAll("histories") List<Step> history) {
    Console console = new Console();
    console.out(0x3FA, fifo ? 0x41 : 0x00);

    for (Step step : history) {
      step.apply(console);
      UartState state = console.uart.save();
      int waiting = state.fifo().length + state.backlog().length;
      assertThat(console.read.size() + waiting).isEqualTo(console.typed.size());
      assertThat(console.wire()).isEqualTo(isInterruptExpected(state));
    }
    console.out(MCR, 0x00);
    int left = console.typed.size() - console.read.size();
    console.read.writeBytes(console.uart.insBytes(left));

    assertThat(console.read.toByteArray()).isEqualTo(console.typed.toByteArray());
    assertThat(console.sent.toByteArray()).isEqualTo(console.written.toByteArray());
    assertThat(console.uart.receivedBytes()).isEqualTo(console.typed.size());
    assertThat(console.uart.transmittedBytes()).isEqualTo(console.written.size());
    assertThat(console.uart.in(LSR, 1)).isEqualTo(0x60);
  }

  /** The wire from the state: any enabled source, gated by OUT2 and not in loopback. */
  private static boolean isInterruptExpected(UartState state) {
    int enabled = state.interruptEnable();
    boolean isReceive = (enabled & 1) != 0 && state.fifo().length > 0;
    boolean isTransmit = (enabled & 2) != 0 && state.transmitInterrupt();
    boolean isLineStatus = (enabled & 4) != 0 && state.overrun();
    boolean isModem = (enabled & 8) != 0 && state.modemChanges() != 0;
    boolean isAny = isReceive || isTransmit || isLineStatus || isModem;
    return isAny && (state.modemControl() & 0x18) == 0x08;
  }

  @Provide
  Arbitrary<List<Step>> histories() {
    Arbitrary<byte[]> bytes = Arbitraries.bytes().array(byte[].class).ofMaxSize(50);
    Arbitrary<Step> types = bytes.map(typed -> console -> console.type(typed));
    Arbitrary<Step> writes =
        bytes.map(
            written ->
                console -> {
                  // Bytes written in loopback would come back as input.
                  console.out(MCR, 0x08);
                  console.write(written);
                });
    Arbitrary<Step> reads =
        Arbitraries.integers()
            .between(1, 30)
            .map(
                count ->
                    console -> {
                      for (int i = 0; i < count; i++) {
                        console.readOne();
                      }
                    });
    Arbitrary<Step> looks =
        Arbitraries.of(0x3F9, 0x3FA, LCR, MCR, LSR, 0x3FE, 0x3FF)
            .map(port -> console -> console.uart.in(port, 1));
    Arbitrary<Step> settings =
        Combinators.combine(
                Arbitraries.of(0x3F9, MCR, LSR, 0x3FE, 0x3FF),
                Arbitraries.integers().between(0, 255))
            .as((port, value) -> console -> console.out(port, value));
    Arbitrary<Step> divisors =
        Arbitraries.integers().between(0, 127).map(value -> console -> console.setDivisor(value));
    return Arbitraries.frequencyOf(
            Tuple.of(3, types),
            Tuple.of(2, writes),
            Tuple.of(4, reads),
            Tuple.of(2, looks),
            Tuple.of(3, settings),
            Tuple.of(1, divisors))
        .list()
        .ofMaxSize(60);
  }
}
