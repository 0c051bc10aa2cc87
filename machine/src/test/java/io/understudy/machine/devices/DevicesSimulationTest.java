package io.understudy.machine.devices;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tag;
import net.jqwik.api.Tuple;

/**
 * Runs random histories on every device: nothing is ever thrown, no answer is wider than its
 * access, and a device that was saved and restored into a fresh one cannot be told from the one
 * that was not.
 */
@Tag("simulation")
class DevicesSimulationTest {

  private static final long START_EPOCH_MILLIS = 1_782_000_123_456L;

  private static final List<Integer> PIC = ports(0x20, 0x21, 0xA0, 0xA1, 0x4D0, 0x4D1);
  private static final List<Integer> PIT = ports(0x40, 0x41, 0x42, 0x43, 0x43, 0x43, 0x61);
  private static final List<Integer> UART = IntStream.rangeClosed(0x3F8, 0x3FF).boxed().toList();
  private static final List<Integer> RTC = ports(0x70, 0x71, 0x71);
  private static final List<Integer> RESET = ports(0x64, 0x92, 0xCF8, 0xCF9, 0xCFA, 0xCFB);
  private static final List<Integer> ANY =
      ports(0x1F, 0x20, 0x21, 0x3F, 0x40, 0x43, 0x60, 0x64, 0x70, 0x71, 0x80, 0xA1, 0xFFFF);

  private static List<Integer> ports(Integer... ports) {
    return List.of(ports);
  }

  /** One thing that happens to the devices. */
  private record Step(String text, Action action) {
    @Override
    public String toString() {
      return text;
    }
  }

  private interface Action {
    void apply(TestDevices devices);
  }

  @Property(tries = 200)
  void picSurvivesRestore(@ForAll("pic") List<Step> before, @ForAll("pic") List<Step> after) {
    checkRestore(before, after);
  }

  @Property(tries = 200)
  void pitSurvivesRestore(@ForAll("pit") List<Step> before, @ForAll("pit") List<Step> after) {
    checkRestore(before, after);
  }

  @Property(tries = 200)
  void uartSurvivesRestore(@ForAll("uart") List<Step> before, @ForAll("uart") List<Step> after) {
    checkRestore(before, after);
  }

  @Property(tries = 200)
  void rtcSurvivesRestore(@ForAll("rtc") List<Step> before, @ForAll("rtc") List<Step> after) {
    checkRestore(before, after);
  }

  @Property(tries = 100)
  void resetPortSurvivesRestore(
      @ForAll("reset") List<Step> before, @ForAll("reset") List<Step> after) {
    checkRestore(before, after);
  }

  @Property(tries = 200)
  void allTogetherSurviveRestore(
      @ForAll("all") List<Step> before, @ForAll("all") List<Step> after) {
    checkRestore(before, after);
  }

  private static void checkRestore(List<Step> before, List<Step> after) {
    TestDevices original = new TestDevices(START_EPOCH_MILLIS);
    run(original, before);
    original.takeSeen();
    TestDevices restored = new TestDevices(0);
    // Dirty the fresh devices first: a field that restore forgets must not be right by default.
    restored.out(0x3FC, 1, 0x1F);
    restored.out(0x3F9, 1, 0x0F);
    restored.out(0x43, 1, 0x34);
    restored.out(0x40, 1, 0x07);
    restored.out(0x61, 1, 0x03);
    restored.out(0x20, 1, 0x11);
    restored.takeSeen();

    restored.restore(original.save());

    assertThat(restored.takeSeen()).as("wires driven by restore").isEmpty();
    assertThat(restored.save()).isEqualTo(original.save());
    for (Step step : after) {
      run(original, List.of(step));
      run(restored, List.of(step));
      assertThat(restored.takeSeen()).as("seen after %s", step).isEqualTo(original.takeSeen());
    }
    assertThat(restored.save()).isEqualTo(original.save());
  }

  private static void run(TestDevices devices, List<Step> steps) {
    for (Step step : steps) {
      step.action().apply(devices);
      devices.observe();
    }
  }

  @Provide
  Arbitrary<List<Step>> pic() {
    return history(
        accesses(PIC), Arbitraries.frequencyOf(Tuple.of(3, lines()), Tuple.of(1, acknowledges())));
  }

  @Provide
  Arbitrary<List<Step>> pit() {
    return history(accesses(PIT), advances());
  }

  @Provide
  Arbitrary<List<Step>> uart() {
    return history(accesses(UART), console());
  }

  @Provide
  Arbitrary<List<Step>> rtc() {
    return history(accesses(RTC), advances());
  }

  @Provide
  Arbitrary<List<Step>> reset() {
    return history(accesses(RESET), advances());
  }

  @Provide
  Arbitrary<List<Step>> all() {
    return history(
        Arbitraries.of(List.of(PIC, PIT, UART, RTC, RESET, ANY))
            .flatMap(DevicesSimulationTest::accesses),
        Arbitraries.frequencyOf(
            Tuple.of(1, lines()),
            Tuple.of(1, acknowledges()),
            Tuple.of(2, advances()),
            Tuple.of(2, console())));
  }

  private static Arbitrary<List<Step>> history(Arbitrary<Step> accesses, Arbitrary<Step> events) {
    return Arbitraries.frequencyOf(Tuple.of(4, accesses), Tuple.of(1, events)).list().ofMaxSize(60);
  }

  private static Arbitrary<Step> accesses(List<Integer> ports) {
    Arbitrary<Integer> port = Arbitraries.of(ports);
    Arbitrary<Integer> size = Arbitraries.of(1, 1, 1, 1, 2, 4);
    Arbitrary<Integer> value =
        Arbitraries.frequencyOf(
            Tuple.of(3, Arbitraries.integers().between(0, 255)),
            Tuple.of(1, Arbitraries.of(0, 1, 2, 3, 8, 0x10, 0x80)),
            Tuple.of(1, Arbitraries.integers()));
    Arbitrary<Step> reads =
        Combinators.combine(port, size)
            .as(
                (number, bytes) ->
                    new Step(
                        "in " + Integer.toHexString(number) + "/" + bytes,
                        devices -> devices.in(number, bytes)));
    Arbitrary<Step> writes =
        Combinators.combine(port, size, value)
            .as(
                (number, bytes, data) ->
                    new Step(
                        "out "
                            + Integer.toHexString(number)
                            + "/"
                            + bytes
                            + " "
                            + Integer.toHexString(data),
                        devices -> devices.out(number, bytes, data)));
    return Arbitraries.oneOf(reads, writes);
  }

  private static Arbitrary<Step> advances() {
    // From less than a tick over one period of the timer to years.
    return Arbitraries.of(0L, 500L, 838L, 15_086L, 1_000_000L, 54_925_493L, 31_556_952_000_000_000L)
        .map(nanos -> new Step("advance " + nanos, devices -> devices.advance(nanos)));
  }

  private static Arbitrary<Step> lines() {
    return Combinators.combine(
            Arbitraries.of(0, 1, 3, 5, 7, 8, 9, 12, 15), Arbitraries.of(true, false))
        .as((irq, level) -> new Step("line " + irq + " " + level, d -> d.line(irq, level)));
  }

  private static Arbitrary<Step> acknowledges() {
    return Arbitraries.just(new Step("acknowledge", TestDevices::acknowledge));
  }

  private static Arbitrary<Step> console() {
    Arbitrary<Step> receives =
        Arbitraries.bytes()
            .array(byte[].class)
            .ofMaxSize(40)
            .map(bytes -> new Step("receive " + bytes.length, devices -> devices.receive(bytes)));
    Arbitrary<Step> strings =
        Arbitraries.of(0, 1, 14, 16, 17, 60)
            .map(count -> new Step("ins " + count, devices -> devices.insBytes(count)));
    return Arbitraries.oneOf(receives, strings);
  }
}
