package io.understudy.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.understudy.machine.devices.KeyboardControllerState;
import io.understudy.machine.pci.PciBusState;
import io.understudy.machine.pci.PciConfigState;
import io.understudy.machine.virtio.VirtioBlockState;
import io.understudy.machine.virtio.VirtioConsoleState;
import io.understudy.machine.virtio.VirtioDevicesState;
import io.understudy.machine.virtio.VirtioNetState;
import io.understudy.machine.virtio.VirtioPciState;
import io.understudy.machine.virtio.VirtioRngState;
import io.understudy.machine.virtio.VirtqueueState;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The states of the PCI devices go through the codec of saved machines. */
class VirtioStateCodecTest {

  private static final VirtioDevicesState STATE =
      new VirtioDevicesState(
          new PciBusState(0x8000_183C),
          List.of(
              new VirtioPciState(
                  new PciConfigState(0x405, 0x10, 0x40, 0xFFFF_FFC0, 10),
                  0x246,
                  1,
                  7,
                  1,
                  0,
                  List.of(new VirtqueueState(0x8000_0001, 65_535, 1))),
              new VirtioPciState(
                  new PciConfigState(0, 0, 0, 0, 0),
                  0,
                  0xFFFF,
                  0x83,
                  3,
                  9,
                  List.of(new VirtqueueState(0, 0, 0), new VirtqueueState(1, 2, 3)))),
          List.of(new VirtioBlockState(1L << 40, 2)),
          List.of(new VirtioNetState(0x5544_3322_1102L, 1, 2, 3, 4, -5)),
          List.of(new VirtioConsoleState(new byte[] {1, -1, 0}, 3, 1L << 33, Long.MIN_VALUE)),
          List.of(new VirtioRngState(new byte[32], 7, 31)));

  @Test
  void comesBackAsItWas() {
    byte[] bytes = RecordCodec.encode(STATE);

    assertThat(RecordCodec.decode(VirtioDevicesState.class, bytes)).isEqualTo(STATE);

    KeyboardControllerState keyboard =
        new KeyboardControllerState(0x74, 0x03, 0xFA, true, true, 0x60);
    assertThat(RecordCodec.decode(KeyboardControllerState.class, RecordCodec.encode(keyboard)))
        .isEqualTo(keyboard);
  }

  @Test
  void comesBackEmpty() {
    VirtioDevicesState none =
        new VirtioDevicesState(
            new PciBusState(0), List.of(), List.of(), List.of(), List.of(), List.of());

    assertThat(RecordCodec.decode(VirtioDevicesState.class, RecordCodec.encode(none)))
        .isEqualTo(none);
  }

  @Test
  void isRefused_whenBytesAreMissingOrImpossible() {
    byte[] bytes = RecordCodec.encode(STATE);
    assertThatThrownBy(
            () ->
                RecordCodec.decode(
                    VirtioDevicesState.class, Arrays.copyOf(bytes, bytes.length - 1)))
        .isInstanceOf(IllegalArgumentException.class);

    bytes[3] = 1; // a reserved bit of the bus's address
    assertThatThrownBy(() -> RecordCodec.decode(VirtioDevicesState.class, bytes))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("address");
  }
}
