package io.understudy.machine.devices;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UartTest {

  private static final int DATA = 0x3F8;
  private static final int IER = 0x3F9;
  private static final int IIR = 0x3FA;
  private static final int FCR = 0x3FA;
  private static final int LCR = 0x3FB;
  private static final int MCR = 0x3FC;
  private static final int LSR = 0x3FD;
  private static final int MSR = 0x3FE;
  private static final int SCR = 0x3FF;

  private static final int OUT2 = 0x08;

  private final List<Boolean> line = new ArrayList<>();
  private final ByteArrayOutputStream sent = new ByteArrayOutputStream();
  private final Uart uart = new Uart(line::add, sent::write);

  @Test
  void passesTheAutoconfigurationOfLinux() {
    // IER existence test.
    out(IER, 0x00);
    assertThat(in(IER)).isZero();
    out(IER, 0x0F);
    assertThat(in(IER)).isEqualTo(0x0F);
    out(IER, 0x00);

    // Loopback test.
    out(MCR, 0x1A);
    assertThat(in(MSR) & 0xF0).isEqualTo(0x90);
    out(MCR, 0x00);

    // Chip type: no EFR behind LCR 0xBF, FIFO works, no 64-byte FIFO, no XScale UUE bit.
    out(LCR, 0xBF);
    assertThat(in(IIR)).isNotZero();
    out(LCR, 0x00);
    out(FCR, 0x01);
    assertThat(in(IIR) >> 6).isEqualTo(3);
    out(FCR, 0x21);
    assertThat(in(IIR) >> 5).isEqualTo(6);
    out(IER, 0x40);
    assertThat(in(IER)).isZero();
  }

  @Test
  void passesTheTransmitTestsOfLinux() {
    // THRE test: the event must come back with every enabling.
    out(IER, 0x02);
    assertThat(in(IIR)).isEqualTo(0x02);
    out(IER, 0x00);
    out(IER, 0x02);
    assertThat(in(IIR)).isEqualTo(0x02);
    out(IER, 0x00);

    // TXEN test: transmitter empty and an interrupt to go with it.
    out(IER, 0x02);
    assertThat(in(LSR) & 0x40).isEqualTo(0x40);
    assertThat(in(IIR) & 0x01).isZero();
  }

  @Test
  void startsIdle() {
    assertThat(in(IIR)).isEqualTo(0x01);
    assertThat(in(LSR)).isEqualTo(0x60);
    assertThat(in(MSR)).isEqualTo(0xB0);
    assertThat(in(DATA)).isZero();
    assertThat(line).isEmpty();
  }

  @Test
  void storesItsPlainRegisters() {
    out(SCR, 0xA5);
    out(LCR, 0x1B);
    out(MCR, 0xFF);
    out(IER, 0xFF);

    assertThat(in(SCR)).isEqualTo(0xA5);
    assertThat(in(LCR)).isEqualTo(0x1B);
    assertThat(in(MCR)).isEqualTo(0x1F);
    assertThat(in(IER)).isEqualTo(0x0F);
  }

  @Test
  void divisorLatchHidesDataAndInterruptEnable() {
    receive("x");
    out(IER, 0x05);
    out(LCR, 0x83);
    out(DATA, 0x01);
    out(IER, 0xC2);
    assertThat(in(DATA)).isEqualTo(0x01);
    assertThat(in(IER)).isEqualTo(0xC2);
    assertThat(sent.size()).isZero();

    out(LCR, 0x03);
    assertThat(in(DATA)).isEqualTo('x');
    assertThat(in(IER)).isEqualTo(0x05);
  }

  @Test
  void transmitsAtOnce_andKeepsCountAndDigest() {
    assertThat(uart.save().transmitDigest()).isEqualTo(0xCBF29CE484222325L);

    uart.outsBytes("foobar".getBytes(US_ASCII));

    assertThat(sent.toString(US_ASCII)).isEqualTo("foobar");
    assertThat(uart.transmittedBytes()).isEqualTo(6);
    // Published FNV-1a 64 test vector.
    assertThat(uart.save().transmitDigest()).isEqualTo(0x85944171F73967E8L);
    assertThat(in(LSR)).isEqualTo(0x60);
  }

  @Test
  void readingIirClearsTransmitterEmpty_onlyWhileItIsTheReportedSource() {
    out(IER, 0x03);
    receive("x");
    assertThat(in(IIR)).isEqualTo(0x04);
    assertThat(in(IIR)).isEqualTo(0x04);
    in(DATA);

    assertThat(in(IIR)).isEqualTo(0x02);
    assertThat(in(IIR)).isEqualTo(0x01);
    out(DATA, 'y');
    assertThat(in(IIR)).isEqualTo(0x02);
    assertThat(in(IIR)).isEqualTo(0x01);
  }

  @Test
  void enablingAgainWithoutDisabling_doesNotRaiseTransmitterEmpty() {
    out(IER, 0x02);
    in(IIR);

    out(IER, 0x03);

    assertThat(in(IIR)).isEqualTo(0x01);
  }

  @Test
  void writingWhileTransmitterEmptyWaits_givesANewEdge() {
    out(MCR, OUT2);
    out(IER, 0x02);
    assertThat(line).containsExactly(true);

    out(DATA, 'y');

    assertThat(line).containsExactly(true, false, true);
  }

  @Test
  void ranksInterrupts() {
    out(MCR, 0x10);
    out(DATA, 'a');
    out(DATA, 'b');
    out(IER, 0x0F);
    out(MCR, 0x11);

    assertThat(in(IIR)).isEqualTo(0x06);
    assertThat(in(LSR)).isEqualTo(0x63);
    assertThat(in(LSR)).isEqualTo(0x61);
    assertThat(in(IIR)).isEqualTo(0x04);
    assertThat(in(DATA)).isEqualTo('b');
    assertThat(in(IIR)).isEqualTo(0x02);
    assertThat(in(IIR)).isEqualTo(0x00);
    // CTS and DCD went when loopback began, DSR twice.
    assertThat(in(MSR)).isEqualTo(0x2B);
    assertThat(in(IIR)).isEqualTo(0x01);
  }

  @Test
  void reportsTheTrailingEdgeOfRing() {
    out(MCR, 0x14);
    assertThat(in(MSR) & 0x44).isEqualTo(0x40);

    out(MCR, 0x10);
    assertThat(in(MSR)).isEqualTo(0x04);
  }

  @ParameterizedTest
  @CsvSource({"0x01, 1", "0x41, 4", "0x81, 8", "0xC1, 14"})
  void reportsTimeoutBelowTheTriggerLevelAndDataFromIt(String control, int level) {
    out(FCR, Integer.decode(control));
    out(IER, 0x01);

    for (int count = 1; count <= 16; count++) {
      receive("x");
      assertThat(in(IIR)).as("%s bytes", count).isEqualTo(count < level ? 0xCC : 0xC4);
    }
  }

  @Test
  void refillsTheFifoFromTheLine_afterEveryRead() {
    out(FCR, 0xC1);
    out(IER, 0x01);
    byte[] input = numbered(100);
    uart.receive(input);
    assertThat(uart.save().fifo()).hasSize(16);
    assertThat(uart.save().backlog()).hasSize(84);

    byte[] first = uart.insBytes(14);
    assertThat(uart.save().fifo()).hasSize(16);
    assertThat(in(IIR)).isEqualTo(0xC4);
    byte[] rest = uart.insBytes(86);

    assertThat(concat(first, rest)).isEqualTo(input);
    assertThat(in(IIR)).isEqualTo(0xC1);
    assertThat(in(LSR)).isEqualTo(0x60);
    assertThat(uart.insBytes(2)).containsExactly(0, 0);
  }

  @Test
  void holdsOneByteAtATime_withoutFifo() {
    uart.receive(numbered(3));

    assertThat(uart.save().fifo()).hasSize(1);
    assertThat(in(LSR)).isEqualTo(0x61);
    assertThat(uart.insBytes(3)).isEqualTo(numbered(3));
    assertThat(in(LSR)).isEqualTo(0x60);
  }

  @Test
  void clearingOrSwitchingTheFifo_losesItsBytesButNotThoseOnTheLine() {
    out(FCR, 0x01);
    uart.receive(numbered(40));

    out(FCR, 0x03);
    assertThat(in(DATA)).isEqualTo(16);
    out(FCR, 0x00);
    assertThat(in(DATA)).isEqualTo(33);
    assertThat(uart.receivedBytes()).isEqualTo(40);
  }

  @Test
  void fifoControlWithoutEnable_neitherClearsNorSetsTheTrigger() {
    uart.receive(numbered(2));
    out(FCR, 0xC2);

    assertThat(in(DATA)).isZero();
    assertThat(uart.save().triggerLevel()).isEqualTo(1);
    out(FCR, 0x05);
    out(FCR, 0xC5);
    assertThat(uart.save().triggerLevel()).isEqualTo(14);
  }

  @Test
  void lineIsHeldDuringLoopback_andLoopedBytesDoNotLeave() {
    out(FCR, 0x01);
    out(MCR, 0x10);
    receive("host");
    assertThat(in(LSR)).isEqualTo(0x60);

    out(DATA, 'g');
    assertThat(in(LSR)).isEqualTo(0x61);
    assertThat(in(DATA)).isEqualTo('g');
    assertThat(in(DATA)).isZero();
    out(MCR, 0x00);

    assertThat(uart.insBytes(4)).isEqualTo("host".getBytes(US_ASCII));
    assertThat(uart.transmittedBytes()).isZero();
    assertThat(sent.size()).isZero();
  }

  @Test
  void overrunInLoopbackWithFifo_keepsTheOlderBytes() {
    out(FCR, 0x01);
    out(MCR, 0x10);
    uart.outsBytes(numbered(17));

    assertThat(in(LSR)).isEqualTo(0x63);
    assertThat(uart.insBytes(16)).isEqualTo(numbered(16));
    assertThat(in(LSR)).isEqualTo(0x60);
  }

  @Test
  void wireIsGatedByOut2AndDeadInLoopback() {
    out(IER, 0x01);
    receive("x");
    assertThat(line).isEmpty();

    out(MCR, OUT2);
    assertThat(line).containsExactly(true);
    out(MCR, OUT2 | 0x10);
    assertThat(line).containsExactly(true, false);
    out(MCR, OUT2);
    assertThat(line).containsExactly(true, false, true);
    in(DATA);
    assertThat(line).containsExactly(true, false, true, false);
  }

  @Test
  void receiveDataIsALevel_heldUntilTheLastByteIsRead() {
    out(MCR, OUT2);
    out(IER, 0x01);
    uart.receive(numbered(3));

    in(DATA);
    in(IIR);
    in(DATA);
    assertThat(line).containsExactly(true);
    in(DATA);
    assertThat(line).containsExactly(true, false);
  }

  @Test
  void refusesInputThatDoesNotFit_andTakesNoneOfIt() {
    assertThat(uart.receiveRoom()).isEqualTo(65_536);
    uart.receive(new byte[65_536]);
    // One byte has gone into the receiver.
    assertThat(uart.receiveRoom()).isEqualTo(1);

    assertThatThrownBy(() -> uart.receive(new byte[2]))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("bytes=2 receiveRoom=1 receivedBytes=65536");
    assertThat(uart.receivedBytes()).isEqualTo(65_536);
    uart.receive(new byte[1]);
    assertThat(uart.receiveRoom()).isZero();
  }

  @Test
  void restoresWithoutDrivingTheWire_andFromAFullBacklog() {
    out(FCR, 0x01);
    out(MCR, OUT2);
    out(IER, 0x01);
    // The second part runs over the end of the ring.
    byte[] input = numbered(65_536 + 20_000);
    uart.receive(Arrays.copyOf(input, 60_000));
    uart.insBytes(20_000);
    uart.receive(Arrays.copyOfRange(input, 60_000, input.length));
    List<Boolean> otherLine = new ArrayList<>();
    Uart other = new Uart(otherLine::add, sent::write);

    other.restore(uart.save());

    assertThat(otherLine).isEmpty();
    assertThat(other.save()).isEqualTo(uart.save());
    assertThat(other.insBytes(65_536)).isEqualTo(Arrays.copyOfRange(input, 20_000, input.length));
    assertThat(uart.insBytes(65_536)).isEqualTo(Arrays.copyOfRange(input, 20_000, input.length));
    assertThat(otherLine).containsExactly(false);
  }

  @Test
  void restoresEveryField() {
    byte[] fifo = numbered(16);
    UartState state =
        new UartState(
            0x0F,
            true,
            8,
            0x83,
            0x0B,
            0xA5,
            0x1234,
            true,
            0x05,
            true,
            fifo,
            numbered(9),
            77,
            88,
            99);

    uart.restore(state);

    assertThat(uart.save()).isEqualTo(state);
  }

  @Test
  void stateIsImmutableAndComparedByContent() {
    uart.receive(numbered(5));
    UartState state = uart.save();
    state.fifo()[0] = 99;
    state.backlog()[0] = 99;

    assertThat(state).isEqualTo(uart.save()).hasSameHashCodeAs(uart.save());
    in(DATA);
    assertThat(state).isNotEqualTo(uart.save());
  }

  @Test
  void refusesStatesThatCannotBe() {
    assertThatThrownBy(() -> state(false, 2, new byte[1], new byte[0]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("triggerLevel=2");
    assertThatThrownBy(() -> state(false, 1, new byte[2], new byte[0]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("fifo.length=2");
    assertThatThrownBy(() -> state(true, 1, new byte[17], new byte[0]))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> state(true, 1, new byte[16], new byte[65_537]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("backlog.length=65537");
    assertThatThrownBy(() -> state(true, 1, new byte[15], new byte[1]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("fifo.length=15");
  }

  private static UartState state(boolean fifoEnabled, int trigger, byte[] fifo, byte[] backlog) {
    return new UartState(
        0, fifoEnabled, trigger, 0, 0, 0, 0, false, 0, false, fifo, backlog, 0, 0, 0);
  }

  @Test
  void refusesPortsSizesAndCountsItDoesNotHave() {
    assertThatThrownBy(() -> uart.in(0x400, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("port=0x400");
    assertThatThrownBy(() -> uart.out(DATA, 4, 0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> uart.insBytes(-1)).isInstanceOf(IllegalArgumentException.class);
  }

  private void receive(String text) {
    uart.receive(text.getBytes(US_ASCII));
  }

  private static byte[] numbered(int count) {
    byte[] bytes = new byte[count];
    for (int i = 0; i < count; i++) {
      // A period of 251 does not divide any buffer size.
      bytes[i] = (byte) (i % 251);
    }
    return bytes;
  }

  private static byte[] concat(byte[] first, byte[] second) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(first);
    all.writeBytes(second);
    return all.toByteArray();
  }

  private int in(int port) {
    return uart.in(port, 1);
  }

  private void out(int port, int value) {
    uart.out(port, 1, value);
  }
}
