package io.understudy.machine.devices;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PortBusTest {

  private final List<String> accesses = new ArrayList<>();
  private final PortBus bus = new PortBus();

  @Test
  void readsAllOnesOfTheAccessWidth_whenNobodyOwnsThePort() {
    assertThat(bus.in(0x80, 1)).isEqualTo(0xFF);
    assertThat(bus.in(0x80, 2)).isEqualTo(0xFFFF);
    assertThat(bus.in(0x80, 4)).isEqualTo(0xFFFFFFFF);
  }

  @Test
  void ignoresWrites_whenNobodyOwnsThePort() {
    bus.out(0xED, 4, 0x12345678);

    assertThat(bus.in(0xED, 1)).isEqualTo(0xFF);
  }

  @Test
  void splitsWideAccessesIntoBytesLowestFirst_forAnEightBitDevice() {
    bus.attach(0x100, 0x103, new Recorder("card", 1));

    bus.out(0x100, 4, 0x44332211);
    int value = bus.in(0x101, 2);

    assertThat(accesses)
        .containsExactly(
            "card out 100/1 11",
            "card out 101/1 22",
            "card out 102/1 33",
            "card out 103/1 44",
            "card in 101/1",
            "card in 102/1");
    assertThat(value).isEqualTo(0x0201);
  }

  @Test
  void passesWideAccessesWhole_whenTheDeviceIsWideEnoughAndOwnsAllOfThem() {
    bus.attach(0x100, 0x103, new Recorder("wide", 4));

    bus.out(0x100, 4, 0x44332211);
    bus.out(0x102, 2, 0xFFFF6655);

    assertThat(accesses).containsExactly("wide out 100/4 44332211", "wide out 102/2 6655");
  }

  @Test
  void splitsAccesses_thatReachBeyondTheDevice() {
    bus.attach(0x100, 0x101, new Recorder("low", 4));
    bus.attach(0x102, 0x102, new Recorder("high", 4));

    int value = bus.in(0x101, 4);

    assertThat(accesses).containsExactly("low in 101/1", "high in 102/1");
    assertThat(value).isEqualTo(0xFFFF0201);
  }

  @Test
  void treatsBytesBeyondTheLastPortAsUnowned() {
    bus.attach(0xFFFF, 0xFFFF, new Recorder("last", 1));

    bus.out(0xFFFF, 2, 0xAABB);

    assertThat(bus.in(0xFFFF, 2)).isEqualTo(0xFFFF);
    assertThat(bus.in(0xFFFE, 4)).isEqualTo(0xFFFFFFFF);
    assertThat(accesses).containsExactly("last out ffff/1 bb", "last in ffff/1", "last in ffff/1");
  }

  @Test
  void cutsAnswersToTheAccessWidth() {
    bus.attach(
        0x100,
        0x100,
        new PortDevice() {
          @Override
          public int in(int port, int size) {
            return -1;
          }

          @Override
          public void out(int port, int size, int value) {}
        });

    assertThat(bus.in(0x100, 1)).isEqualTo(0xFF);
    assertThat(bus.in(0x100, 2)).isEqualTo(0xFFFF);
  }

  @Test
  void refusesAnOverlap_andAttachesNothingOfIt() {
    bus.attach(0x102, 0x103, new Recorder("first", 1));

    assertThatThrownBy(() -> bus.attach(0x100, 0x102, new Recorder("second", 1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("port=0x102");
    assertThat(bus.in(0x100, 1)).isEqualTo(0xFF);
    assertThat(accesses).isEmpty();
  }

  @Test
  void asksTheDecoder_forPortsWithoutAFixedOwner() {
    Recorder moving = new Recorder("moving", 4);
    int[] first = {0x200};
    bus.attach(0x202, 0x202, new Recorder("fixed", 1));
    bus.attachDecoder(port -> port >= first[0] && port < first[0] + 4 ? moving : null);

    bus.out(0x200, 2, 1);
    bus.out(0x200, 4, 0x44332211);
    first[0] = 0xFFFE;
    bus.out(0x200, 1, 2);
    int value = bus.in(0xFFFE, 4);

    assertThat(accesses)
        .containsExactly(
            "moving out 200/2 1",
            "moving out 200/1 11",
            "moving out 201/1 22",
            "fixed out 202/1 33",
            "moving out 203/1 44",
            "moving in fffe/1",
            "moving in ffff/1");
    assertThat(value).isEqualTo(0xFFFFFFFE);
    assertThatThrownBy(() -> bus.attachDecoder(port -> null))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void refusesImpossibleRangesPortsAndSizes() {
    PortDevice device = new Recorder("card", 1);

    assertThatThrownBy(() -> bus.attach(5, 4, device))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("firstPort=0x5 lastPort=0x4");
    assertThatThrownBy(() -> bus.attach(-1, 4, device))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> bus.attach(0, 0x10000, device))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> bus.in(0x10000, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("port=0x10000");
    assertThatThrownBy(() -> bus.in(0x100, 3))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("size=3");
    assertThatThrownBy(() -> bus.out(0x100, 8, 0)).isInstanceOf(IllegalArgumentException.class);
  }

  /** Answers a read with the low byte of the port number. */
  private final class Recorder implements PortDevice {
    private final String name;
    private final int widthBytes;

    Recorder(String name, int widthBytes) {
      this.name = name;
      this.widthBytes = widthBytes;
    }

    @Override
    public int widthBytes() {
      return widthBytes;
    }

    @Override
    public int in(int port, int size) {
      accesses.add(name + " in " + Integer.toHexString(port) + "/" + size);
      return port & 0xFF;
    }

    @Override
    public void out(int port, int size, int value) {
      accesses.add(
          name
              + " out "
              + Integer.toHexString(port)
              + "/"
              + size
              + " "
              + Integer.toHexString(value));
    }
  }
}
