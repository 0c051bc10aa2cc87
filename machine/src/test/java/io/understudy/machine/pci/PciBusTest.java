package io.understudy.machine.pci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.understudy.machine.devices.PortBus;
import io.understudy.machine.devices.PortDevice;
import io.understudy.machine.devices.ResetPort;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PciBusTest {

  private static final int COMMAND = 0x04;
  private static final int BAR0 = 0x10;

  private final PortBus ports = new PortBus();
  private final ResetPort reset = new ResetPort();
  private final PciBus bus = new PciBus(reset);
  private final List<String> accesses = new ArrayList<>();
  private final TestFunction card = new TestFunction("card", 0xC040);

  @BeforeEach
  void attach() {
    bus.attachTo(ports);
    bus.add(3, card);
  }

  private void select(int slot, int offset) {
    ports.out(0xCF8, 4, 0x8000_0000 | slot << 11 | (offset & 0xFC));
  }

  private int read(int slot, int offset, int size) {
    select(slot, offset);
    return ports.in(0xCFC + (offset & 3), size);
  }

  private void write(int slot, int offset, int size, int value) {
    select(slot, offset);
    ports.out(0xCFC + (offset & 3), size, value);
  }

  @Test
  void passesLinuxProbe() {
    ports.out(0xCFB, 1, 0x01);
    int before = ports.in(0xCF8, 4);
    ports.out(0xCF8, 4, 0x8000_0000);

    assertThat(before).isZero();
    assertThat(ports.in(0xCF8, 4)).isEqualTo(0x8000_0000);
    assertThat(read(0, 0x0A, 2)).as("class: host bridge").isEqualTo(0x0600);
    assertThat(read(0, 0x00, 4)).isEqualTo(0x1237_8086);
    assertThat(read(0, 0x0E, 1)).as("header type").isZero();
  }

  @Test
  void readsAllOnes_whereThereIsNoFunction() {
    assertThat(read(1, 0, 4)).isEqualTo(-1);
    assertThat(read(31, 0, 2)).isEqualTo(0xFFFF);
    ports.out(0xCF8, 4, 0x8000_1900); // slot 3, function 1
    assertThat(ports.in(0xCFC, 4)).isEqualTo(-1);
    ports.out(0xCF8, 4, 0x8001_1800); // bus 1, slot 3
    assertThat(ports.in(0xCFC, 4)).isEqualTo(-1);
    ports.out(0xCF8, 4, 0x0000_1800); // not enabled
    assertThat(ports.in(0xCFC, 4)).isEqualTo(-1);
    ports.out(0xCFC, 4, 0);
    assertThat(read(3, 0, 4)).isEqualTo(0x1005_1AF4);
  }

  @Test
  void readsRegistersInEveryWidth() {
    assertThat(read(3, 0x00, 2)).isEqualTo(0x1AF4);
    assertThat(read(3, 0x02, 2)).isEqualTo(0x1005);
    assertThat(read(3, 0x03, 1)).isEqualTo(0x10);
    assertThat(read(3, 0x08, 1)).as("revision").isZero();
    assertThat(read(3, 0x09, 1)).isEqualTo(0x03);
    assertThat(read(3, 0x0A, 2)).isEqualTo(0x0102);
    assertThat(read(3, 0x2C, 4)).isEqualTo(0x0004_1AF4);
    assertThat(read(3, 0x34, 1)).as("capabilities").isZero();
    assertThat(read(3, 0x3C, 2)).as("pin and line").isEqualTo(0x010A);
    assertThat(read(3, 0x40, 4)).isZero();
    assertThat(read(3, 0xFC, 4)).isZero();
  }

  @Test
  void keepsReservedAddressBitsClear() {
    ports.out(0xCF8, 4, -1);

    assertThat(ports.in(0xCF8, 4)).isEqualTo(0x80FF_FFFC);
  }

  @Test
  void leavesTheResetControlRegisterWithinItsAddress() {
    ports.out(0xCF8, 4, 0x8000_0600);
    ports.out(0xCFA, 2, -1);
    assertThat(reset.resetRequested()).isFalse();
    assertThat(ports.in(0xCFA, 1)).isEqualTo(0xFF);

    ports.out(0xCF9, 1, 0x0E);

    assertThat(reset.resetRequested()).isTrue();
    assertThat(ports.in(0xCF9, 1)).isEqualTo(0x0A);
    assertThat(ports.in(0xCF8, 4)).isEqualTo(0x8000_0600);
  }

  @Test
  void splitsAccesses_thatReachBeyondTheWindow() {
    select(3, 0);

    assertThat(ports.in(0xCFE, 4)).isEqualTo(0xFFFF_1005);
  }

  @Test
  void showsTheSizeOfTheWindow() {
    write(3, BAR0, 4, -1);

    assertThat(read(3, BAR0, 4)).isEqualTo(0xFFFF_FFC1);
    for (int offset = BAR0 + 4; offset < 0x28; offset += 4) {
      write(3, offset, 4, -1);
      assertThat(read(3, offset, 4)).isZero();
    }
    write(3, 0x30, 4, -1);
    assertThat(read(3, 0x30, 4)).as("no ROM").isZero();
  }

  @Test
  void answersAtTheWindow_whereverTheGuestPutsIt() {
    ports.out(0xC040, 4, 1);
    write(3, BAR0, 4, 0x1_0000);
    ports.out(0xC040, 4, 2);
    ports.out(0x0000, 4, 2);
    write(3, BAR0, 4, 0xFF81);
    ports.out(0xFFBF, 1, 3);
    assertThat(ports.in(0xFFC0, 1)).isEqualTo(0xFF);
    write(3, BAR0 + 1, 1, 0x20);
    ports.out(0x2080, 2, 4);

    assertThat(accesses).containsExactly("card c040/4 1", "card ffbf/1 3", "card 2080/2 4");
    assertThat(read(3, BAR0, 4)).isEqualTo(0x2081);
  }

  @Test
  void answersOnly_whileDecodingIsEnabled() {
    assertThat(read(3, COMMAND, 2)).isEqualTo(1);
    write(3, COMMAND, 2, 0);
    ports.out(0xC040, 1, 1);
    assertThat(ports.in(0xC040, 4)).isEqualTo(-1);

    write(3, COMMAND, 2, 0xFFFF);
    ports.out(0xC040, 1, 2);

    assertThat(read(3, COMMAND, 2)).isEqualTo(0x0405);
    assertThat(accesses).containsExactly("card c040/1 2");
  }

  @Test
  void givesPortsToFixedDevicesFirst_thenToTheLowestSlot() {
    TestFunction second = new TestFunction("second", 0xC040);
    bus.add(2, second);
    ports.attach(0xC041, 0xC041, new Recorder("fixed"));

    ports.out(0xC040, 1, 1);
    ports.out(0xC041, 1, 2);
    ports.out(0xC040, 2, 0x0403);

    assertThat(accesses)
        .containsExactly("second c040/1 1", "fixed c041/1 2", "second c040/1 3", "fixed c041/1 4");
  }

  @Test
  void keepsWhatHasNoEffect() {
    write(3, 0x0C, 2, 0x4010);
    write(3, 0x3C, 4, 0xFFFF_FF05);
    write(3, 0x2C, 4, -1);
    write(3, 0x00, 4, -1);

    assertThat(read(3, 0x0C, 4)).isEqualTo(0x4010);
    assertThat(read(3, 0x3C, 4)).isEqualTo(0x0105);
    assertThat(read(3, 0x2C, 4)).isEqualTo(0x0004_1AF4);
    assertThat(read(3, 0x00, 4)).isEqualTo(0x1005_1AF4);
  }

  @Test
  void savesAndRestores() {
    write(3, BAR0, 4, 0x4000);
    write(3, COMMAND, 2, 0x0404);
    write(3, 0x0C, 2, 0x4010);
    write(3, 0x3C, 1, 7);
    TestFunction restored = new TestFunction("restored", 0xC040);
    PciBus restoredBus = new PciBus(reset);

    restored.config.restore(card.config.save());
    restoredBus.restore(bus.save());

    for (int offset = 0; offset < 0x40; offset += 4) {
      assertThat(restored.readConfig(offset, 4)).isEqualTo(card.readConfig(offset, 4));
    }
    assertThat(restoredBus.in(0xCF8, 4)).isEqualTo(0x8000_183C);
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 3, 32})
  void refusesSlots_thatDoNotExistOrAreTaken(int slot) {
    assertThatThrownBy(() -> bus.add(slot, card))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("slot=" + slot);
  }

  @Test
  void refusesASecondDecoderAndForeignPorts() {
    assertThatThrownBy(() -> ports.attachDecoder(port -> null))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> bus.in(0xCF7, 1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new PciBusState(1)).isInstanceOf(IllegalArgumentException.class);
  }

  /** Writes down what is written to it. */
  private class Recorder implements PortDevice {
    private final String name;

    Recorder(String name) {
      this.name = name;
    }

    @Override
    public int widthBytes() {
      return 4;
    }

    @Override
    public int in(int port, int size) {
      return 0;
    }

    @Override
    public void out(int port, int size, int value) {
      accesses.add(name + " " + Integer.toHexString(port) + "/" + size + " " + value);
    }
  }

  private final class TestFunction extends Recorder implements PciFunction {
    private final PciConfig config;

    TestFunction(String name, int windowPort) {
      super(name);
      config =
          new PciConfig(
              new PciConfig.Identity(0x1AF4, 0x1005, 0, 0x010203, 0x1AF4, 4), 64, windowPort, 10);
    }

    @Override
    public int readConfig(int offset, int size) {
      return config.read(offset, size);
    }

    @Override
    public void writeConfig(int offset, int size, int value) {
      config.write(offset, size, value);
    }

    @Override
    public PortDevice ownerOf(int port) {
      return config.decodes(port) ? this : null;
    }
  }
}
