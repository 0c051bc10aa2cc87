package io.understudy.machine.virtio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.understudy.machine.virtio.VirtioTestDriver.Buffer;
import io.understudy.machine.virtio.VirtioTestDriver.Used;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VirtioRngTest {

  /** SHA-256 of 40 zero bytes, then of 39 and a one: {@code printf ... | sha256sum}. */
  private static final String FIRST_TWO_BLOCKS =
      "2c34ce1df23b838c5abf2a7f6437cca3d3067ed509ff25f11df6b11b582b51eb"
          + "08e00266fff0aacc64974f22a53622a7dc458ac1b5fd446ae7c99a4a99a564e6";

  private final VirtioTestMachine machine = new VirtioTestMachine();
  private final VirtioTestDriver driver = machine.driver(VirtioTestMachine.RNG_SLOT).start();

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }

  @Test
  void handsOutHashesOfSeedAndCounter() {
    assertThat(driver.readConfig(0, 4)).isEqualTo(0x1005_1AF4);
    assertThat(driver.in(VirtioTestDriver.FEATURES, 4)).isZero();
    Buffer buffer = driver.writes(64);

    Used used = driver.queue(0).request(List.of(buffer));

    assertThat(used.length()).isEqualTo(64);
    assertThat(hex(driver.content(buffer))).isEqualTo(FIRST_TWO_BLOCKS);
    assertThat(machine.isRequested(driver.irq())).isTrue();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 5, 31, 32, 33, 63})
  void handsOutTheSameBytes_howeverTheyAreAskedFor(int pieceBytes) {
    Buffer buffer = driver.writes(64);
    List<Buffer> pieces = new ArrayList<>(VirtioTestDriver.split(buffer, pieceBytes));
    Buffer last = pieces.remove(pieces.size() - 1);
    for (Buffer piece : pieces) {
      driver.queue(0).request(List.of(piece));
    }
    driver.queue(0).request(VirtioTestDriver.split(last, 8));

    assertThat(hex(driver.content(buffer))).isEqualTo(FIRST_TWO_BLOCKS);
  }

  @Test
  void fillsAtMost65536BytesAtOnce() {
    Buffer buffer = driver.writes(70_000);

    assertThat(driver.queue(0).request(List.of(buffer)).length()).isEqualTo(65_536);
    assertThat(Arrays.copyOfRange(driver.content(buffer), 65_536, 70_000)).containsOnly(0);
  }

  @Test
  void givesBackWhatItCannotFill() {
    assertThat(driver.queue(0).request(List.of(driver.reads((byte) 1))).length()).isZero();
  }

  @Test
  void goesOnInTheMiddleOfABlock_whenRestored() {
    Buffer buffer = driver.writes(64);
    driver.queue(0).request(List.of(new Buffer(buffer.address(), 40, true)));
    VirtioTestMachine restored = new VirtioTestMachine();
    machine.copyTo(restored);
    VirtioRng other = new VirtioRng(VirtioTestMachine.pattern(32));
    other.restore(machine.rng.save());

    assertThat(other.save()).isEqualTo(machine.rng.save());
    assertThat(restored.rng.save()).isEqualTo(new VirtioRngState(new byte[32], 2, 8));
    assertThat(machine.rng.save().toString()).doesNotContain("seed");
  }

  @Test
  void refusesWhatIsNoSeedOrState() {
    assertThatThrownBy(() -> new VirtioRng(new byte[31]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("length=31");
    assertThatThrownBy(() -> new VirtioRngState(new byte[32], 0, 5))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
