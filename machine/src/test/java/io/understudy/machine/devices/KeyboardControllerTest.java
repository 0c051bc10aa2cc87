package io.understudy.machine.devices;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class KeyboardControllerTest {

  private final ResetPort reset = new ResetPort();
  private final KeyboardController keyboard = new KeyboardController(reset);
  private final PortBus bus = new PortBus();

  @BeforeEach
  void attach() {
    reset.attachBesidePciTo(bus);
    keyboard.attachTo(bus);
  }

  private void command(int value) {
    bus.out(0x64, 1, value);
  }

  private boolean isOutputFull() {
    return (bus.in(0x64, 1) & 0x01) != 0;
  }

  @Test
  void isIdleAndUnlocked_atPowerOn() {
    assertThat(bus.in(0x64, 1)).isEqualTo(0x14);
    assertThat(bus.in(0x92, 1)).isEqualTo(0x02);
  }

  @Test
  void keepsTheControlRegister() {
    command(0x20);
    assertThat(bus.in(0x64, 1)).isEqualTo(0x1D);
    assertThat(bus.in(0x60, 1)).isEqualTo(0x05);
    assertThat(isOutputFull()).isFalse();

    command(0x60);
    bus.out(0x60, 1, 0x74);
    assertThat(bus.in(0x64, 1)).isEqualTo(0x14);
    command(0x20);
    assertThat(bus.in(0x60, 1)).isEqualTo(0x74);
    assertThat(bus.in(0x60, 1)).as("the buffer keeps what was fetched").isEqualTo(0x74);
  }

  @ParameterizedTest
  @CsvSource({"0xAA, 0x55", "0xAB, 0x00", "0xD0, 0x03"})
  void answersTests(String command, String answer) {
    command(Integer.decode(command));

    assertThat(isOutputFull()).isTrue();
    assertThat(bus.in(0x60, 1)).isEqualTo(Integer.decode(answer));
  }

  @ParameterizedTest
  @CsvSource({"0xAD, 0x15", "0xA7, 0x25"})
  void switchesItsPorts(String off, String control) {
    command(Integer.decode(off));
    command(0x20);
    assertThat(bus.in(0x60, 1)).isEqualTo(Integer.decode(control));

    command(0xAE);
    command(0xA8);
    command(0x20);
    assertThat(bus.in(0x60, 1)).isEqualTo(0x05);
  }

  @Test
  void hasNoMouse() {
    command(0xD3);
    bus.out(0x60, 1, 0x5A);
    assertThat(bus.in(0x60, 1)).as("not looped back").isNotEqualTo(0x5A);
    command(0xA9);
    assertThat(isOutputFull()).isFalse();
  }

  @Test
  void acknowledgesWhatIsSentToTheKeyboard() {
    bus.out(0x60, 1, 0xF2);

    assertThat(isOutputFull()).isTrue();
    assertThat(bus.in(0x60, 1)).isEqualTo(0xFA);
    assertThat(isOutputFull()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(ints = {0xFE, 0xF0, 0xFC})
  void pullsTheResetLine(int value) {
    command(value);

    assertThat(reset.resetRequested()).isTrue();
    assertThat(bus.in(0x64, 1) & 0x02).as("Linux waits for the input buffer").isZero();
  }

  @Test
  void pullsTheResetLine_byTheOutputPort() {
    command(0xD1);
    bus.out(0x60, 1, 0x03);
    assertThat(reset.resetRequested()).isFalse();

    command(0xD1);
    bus.out(0x60, 1, 0x02);
    assertThat(reset.resetRequested()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(ints = {0x20, 0x60, 0xAA, 0xAE, 0xD1, 0xEE, 0xFF, 0xF1})
  void doesNotReset_onOtherCommands(int value) {
    command(value);

    assertThat(reset.resetRequested()).isFalse();
  }

  @Test
  void savesAndRestores() {
    command(0x60);
    bus.out(0x60, 1, 0x41);
    command(0xAA);
    command(0x60);
    KeyboardController restored = new KeyboardController(new ResetPort());

    restored.restore(keyboard.save());

    assertThat(restored.save()).isEqualTo(keyboard.save());
    assertThat(restored.in(0x64, 1)).isEqualTo(0x1D);
    assertThat(restored.in(0x60, 1)).isEqualTo(0x55);
    restored.out(0x60, 1, 0x42);
    assertThat(restored.save().control()).isEqualTo(0x42);
    assertThatThrownBy(() -> new KeyboardControllerState(0, 0, 0, false, false, 0x20))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void refusesPortsItDoesNotHave() {
    assertThatThrownBy(() -> keyboard.in(0x61, 1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> keyboard.out(0x61, 1, 0)).isInstanceOf(IllegalArgumentException.class);
  }
}
