package io.understudy.machine.devices;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.machine.pci.PciBus;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a guest finds where a PC has ports, and this one has no device. */
class UnclaimedPortsTest {

  private final PortBus bus = new PortBus();
  private final ResetPort reset = new ResetPort();

  @BeforeEach
  void attachAll() {
    VirtualClock clock = new VirtualClock();
    Pic pic = new Pic();
    pic.attachTo(bus);
    new Pit(clock, pic.line(0)).attachTo(bus);
    new Uart(pic.line(4), value -> {}).attachTo(bus);
    new Rtc(clock, 0).attachTo(bus);
    new PmTimer(clock).attachTo(bus);
    reset.attachBesidePciTo(bus);
    new KeyboardController(reset).attachTo(bus);
    new PciBus(reset).attachTo(bus);
  }

  @ParameterizedTest
  @ValueSource(
      ints = {
        0x00, 0x0F, // DMA controller
        0x80, 0xED, // delay
        0x62, 0x63, // between the keyboard controller's ports
        0xF0, // FPU
        0x2E8, 0x2F8, 0x3E8, // other serial ports
        0x3B0, 0x3C4, 0x3D4, 0x3DF, // VGA
        0x402, 0x510, // debug console and firmware configuration of emulators
        0x604, 0xB004, // power off of emulators
        0xCF7, 0xD00, 0xC000, 0xFFFF
      })
  void readAllOnes_andIgnoreWrites(int port) {
    assertThat(bus.in(port, 1)).isEqualTo(0xFF);
    bus.out(port, 1, 0);
    bus.out(port, 1, 0xFE);
    assertThat(bus.in(port, 1)).isEqualTo(0xFF);
    assertThat(reset.resetRequested()).isFalse();
  }

  @Test
  void leaveTheA20GateOn() {
    bus.out(0x92, 1, 0x00);

    assertThat(bus.in(0x92, 1)).isEqualTo(0x02);
  }

  @Test
  void findOneSerialPortOnly() {
    assertThat(bus.in(0x3FD, 1)).isEqualTo(0x60);
    assertThat(bus.in(0x2FD, 1)).isEqualTo(0xFF);
  }
}
