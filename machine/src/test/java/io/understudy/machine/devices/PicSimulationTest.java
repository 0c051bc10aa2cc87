package io.understudy.machine.devices;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tag;
import net.jqwik.api.Tuple;
import net.jqwik.api.constraints.IntRange;

/** Compares {@link Pic} with {@link ReferencePic} over random histories. */
@Tag("simulation")
class PicSimulationTest {

  private static final List<Integer> PORTS = List.of(0x20, 0x21, 0xA0, 0xA1, 0x4D0, 0x4D1);

  /** One thing that happens to both models. */
  private record Step(String text, Action action) {
    @Override
    public String toString() {
      return text;
    }
  }

  /** Returns what can be seen of it on either model; nothing, or two numbers. */
  private interface Action {
    List<Integer> apply(Pic pic, ReferencePic reference);
  }

  @Property(tries = 1000)
  void answersAsTheReferenceDoes(
      @ForAll @IntRange(max = 0x1F) int masterModes,
      @ForAll @IntRange(max = 0x1F) int slaveModes,
      @ForAll("histories") List<Step> history) {
    Pic pic = new Pic();
    ReferencePic reference = new ReferencePic();
    initialize(0x20, 0x30, masterModes, pic, reference);
    initialize(0xA0, 0x38, slaveModes, pic, reference);

    for (Step step : history) {
      List<Integer> answers = step.action().apply(pic, reference);
      if (!answers.isEmpty()) {
        assertThat(answers.get(0)).as("answer to %s", step).isEqualTo(answers.get(1));
      }
      assertThat(pic.interruptPending())
          .as("interrupt pending after %s", step)
          .isEqualTo(reference.interruptPending());
    }
  }

  @Provide
  Arbitrary<List<Step>> histories() {
    Arbitrary<Integer> irqs = Arbitraries.integers().between(0, 15).filter(irq -> irq != 2);
    Arbitrary<Step> lines =
        Combinators.combine(irqs, Arbitraries.of(true, false))
            .as(
                (irq, up) ->
                    new Step(
                        "line " + irq + " " + up,
                        (pic, reference) -> {
                          pic.setLine(irq, up);
                          reference.line(irq, up);
                          return List.of();
                        }));
    Arbitrary<Step> acknowledges =
        Arbitraries.just(
            new Step(
                "acknowledge",
                (pic, reference) -> List.of(pic.acknowledge(), reference.acknowledge())));
    Arbitrary<Step> reads =
        Arbitraries.of(PORTS)
            .map(
                port ->
                    new Step(
                        "in " + Integer.toHexString(port),
                        (pic, reference) -> List.of(pic.in(port, 1), reference.in(port))));
    Arbitrary<Step> writes =
        Combinators.combine(Arbitraries.of(PORTS), Arbitraries.integers().between(0, 255))
            .as(PicSimulationTest::write);
    // Random bytes seldom make an EOI, a poll or a sparse mask, so these get a share of their own.
    Arbitrary<Step> commands =
        Combinators.combine(
                Arbitraries.of(0x20, 0xA0),
                Arbitraries.of(0x20, 0xA0, 0x60, 0x62, 0x65, 0xE1, 0xC3, 0x80, 0x00, 0x0A, 0x0B))
            .as(PicSimulationTest::write);
    Arbitrary<Step> modes =
        Combinators.combine(Arbitraries.of(0x20, 0xA0), Arbitraries.of(0x0C, 0x68, 0x48))
            .as(PicSimulationTest::write);
    Arbitrary<Step> masks =
        Combinators.combine(
                Arbitraries.of(0x21, 0xA1), Arbitraries.of(0x00, 0x00, 0x01, 0x04, 0x28, 0xFB))
            .as(PicSimulationTest::write);
    return Arbitraries.frequencyOf(
            Tuple.of(8, lines),
            Tuple.of(4, acknowledges),
            Tuple.of(3, reads),
            Tuple.of(1, writes),
            Tuple.of(4, commands),
            Tuple.of(1, modes),
            Tuple.of(1, masks))
        .list()
        .ofMaxSize(120);
  }

  private static void initialize(
      int commandPort, int base, int modes, Pic pic, ReferencePic reference) {
    write(commandPort, 0x11).action().apply(pic, reference);
    for (int word : new int[] {base, 0, modes}) {
      write(commandPort + 1, word).action().apply(pic, reference);
    }
  }

  private static Step write(int port, int value) {
    return new Step(
        "out " + Integer.toHexString(port) + " " + Integer.toHexString(value),
        (pic, reference) -> {
          pic.out(port, 1, value);
          reference.out(port, value);
          return List.of();
        });
  }
}
