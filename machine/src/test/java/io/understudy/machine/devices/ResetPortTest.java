package io.understudy.machine.devices;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResetPortTest {

  private final ResetPort reset = new ResetPort();
  private final PortBus bus = new PortBus();

  @BeforeEach
  void attach() {
    reset.attachTo(bus);
  }

  @Test
  void showsAnIdleKeyboardControllerAndA20On() {
    assertThat(bus.in(0x64, 1)).isZero();
    assertThat(bus.in(0x92, 1)).isEqualTo(0x02);
    assertThat(bus.in(0xCF9, 1)).isZero();
    assertThat(reset.resetRequested()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(ints = {0xFE, 0xF0, 0xFC})
  void requestsReset_whenTheKeyboardControllerPulsesTheResetLine(int command) {
    bus.out(0x64, 1, command);

    assertThat(reset.resetRequested()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(ints = {0x20, 0x60, 0xAA, 0xAE, 0xD1, 0xEE, 0xFF, 0xF1})
  void ignoresOtherKeyboardControllerCommands(int command) {
    bus.out(0x64, 1, command);

    assertThat(reset.resetRequested()).isFalse();
  }

  @Test
  void requestsReset_whenFastResetIsWritten() {
    bus.out(0x92, 1, 0x02);
    assertThat(reset.resetRequested()).isFalse();

    bus.out(0x92, 1, 0x03);
    assertThat(reset.resetRequested()).isTrue();
    assertThat(bus.in(0x92, 1)).isEqualTo(0x02);
  }

  @Test
  void requestsReset_whenResetControlTriggers() {
    bus.out(0xCF9, 1, 0x02);
    assertThat(bus.in(0xCF9, 1)).isEqualTo(0x02);
    assertThat(reset.resetRequested()).isFalse();

    bus.out(0xCF9, 1, 0x0E);
    assertThat(reset.resetRequested()).isTrue();
    assertThat(bus.in(0xCF9, 1)).isEqualTo(0x0A);
  }

  @Test
  void doesNotMistakeAPciConfigurationAddressForAReset() {
    bus.out(0xCF8, 4, 0x80000600);
    bus.out(0xCF8, 2, 0x0600);
    bus.out(0xCF9, 2, 0x0606);
    bus.out(0xCFB, 1, 0x06);

    assertThat(reset.resetRequested()).isFalse();
    assertThat(bus.in(0xCF8, 4)).isEqualTo(0xFFFFFFFF);
    assertThat(bus.in(0xCF8, 2)).isEqualTo(0xFFFF);
    assertThat(bus.in(0xCF9, 2)).isEqualTo(0xFFFF);
    assertThat(bus.in(0xCF8, 1)).isEqualTo(0xFF);
  }

  @Test
  void savesAndRestoresTheRequest() {
    bus.out(0xCF9, 1, 0x0E);
    ResetPort restored = new ResetPort();

    restored.restore(reset.save());

    assertThat(restored.resetRequested()).isTrue();
    assertThat(restored.in(0xCF9, 1)).isEqualTo(0x0A);
    assertThatThrownBy(() -> new ResetPortState(0x04, false))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("resetControl=0x4");
  }

  @Test
  void refusesPortsAndSizesItDoesNotHave() {
    assertThatThrownBy(() -> reset.in(0x60, 1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> reset.out(0x64, 2, 0)).isInstanceOf(IllegalArgumentException.class);
  }
}
