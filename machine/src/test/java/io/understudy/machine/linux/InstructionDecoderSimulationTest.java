package io.understudy.machine.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Tag;
import net.jqwik.api.constraints.Size;

/** What holds for the decoder on any bytes. */
@Tag("simulation")
class InstructionDecoderSimulationTest {
  private final InstructionDecoder decoder = new InstructionDecoder();

  @Property(tries = 20_000)
  void lengthDependsOnTheInstructionAlone(@ForAll @Size(24) byte[] code) {
    int length = decoder.decode(code, 0, code.length);
    HostInstruction kind = decoder.kind();
    assertThat(length).isBetween(0, 15);

    if (length > 0) {
      byte[] alone = Arrays.copyOf(code, length);
      assertThat(decoder.decode(alone, 0, length)).isEqualTo(length);
      assertThat(decoder.kind()).isEqualTo(kind);
      assertThat(decoder.decode(code, 0, length - 1)).isZero();
    }
  }

  @Property(tries = 5000)
  void placeDoesNotMatter(@ForAll @Size(24) byte[] code) {
    byte[] moved = new byte[code.length + 5];
    System.arraycopy(code, 0, moved, 5, code.length);

    int length = decoder.decode(code, 0, code.length);
    assertThat(decoder.decode(moved, 5, moved.length)).isEqualTo(length);
  }
}
