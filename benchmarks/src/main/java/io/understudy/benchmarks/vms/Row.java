package io.understudy.benchmarks.vms;

import io.understudy.benchmarks.Samples;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/**
 * What was found with one number of VMs.
 *
 * @param vms how many
 * @param repetitions a trial of each mode in each
 */
record Row(int vms, List<Map<Mode, Trial>> repetitions) {
  /** Copies the lists. */
  Row {
    repetitions = repetitions.stream().map(Map::copyOf).toList();
  }

  /** A figure of a mode, over the repetitions. */
  Samples samples(Mode mode, ToDoubleFunction<Trial> figure) {
    return new Samples(
        repetitions.stream().map(trials -> figure.applyAsDouble(trials.get(mode))).toList());
  }

  /**
   * A figure of a phase of a mode, divided by the same of another mode, within each repetition;
   * without those in which the divisor is too small to be counted, or one of the two did less work
   * than the other. Empty if none is left.
   */
  Optional<Samples> ratio(
      Mode mode, Mode base, Function<Trial, Phase> phase, ToDoubleFunction<Phase> figure) {
    List<Double> ratios =
        repetitions.stream()
            .map(trials -> new Pair(phase.apply(trials.get(mode)), phase.apply(trials.get(base))))
            .filter(pair -> pair.dividend().isCarried() && pair.divisor().isCarried())
            .filter(pair -> figure.applyAsDouble(pair.divisor()) > 0)
            .map(
                pair ->
                    figure.applyAsDouble(pair.dividend()) / figure.applyAsDouble(pair.divisor()))
            .toList();
    return ratios.isEmpty() ? Optional.empty() : Optional.of(new Samples(ratios));
  }

  /** Phases of one repetition. */
  private record Pair(Phase dividend, Phase divisor) {}

  /** Whether {@code mode} carried its load in every repetition. */
  boolean isCarried(Mode mode) {
    return repetitions.stream().allMatch(trials -> trials.get(mode).load().isCarried());
  }

  /** See {@link Trial#lagging}; the sum over all of {@code mode}. */
  int lagging(Mode mode) {
    return repetitions.stream().mapToInt(trials -> trials.get(mode).lagging()).sum();
  }
}
