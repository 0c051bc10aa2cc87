package io.understudy.benchmarks.vms;

import io.understudy.benchmarks.Samples;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
   * A figure of a mode divided by the same of another, within each repetition; empty where no
   * divisor is large enough to be counted.
   */
  Optional<Samples> ratio(Mode mode, Mode base, ToDoubleFunction<Trial> figure) {
    List<Double> ratios =
        repetitions.stream()
            .filter(trials -> figure.applyAsDouble(trials.get(base)) > 0)
            .map(
                trials ->
                    figure.applyAsDouble(trials.get(mode)) / figure.applyAsDouble(trials.get(base)))
            .toList();
    return ratios.isEmpty() ? Optional.empty() : Optional.of(new Samples(ratios));
  }

  /** See {@link Trial#lagging}; the sum over all of {@code mode}. */
  int lagging(Mode mode) {
    return repetitions.stream().mapToInt(trials -> trials.get(mode).lagging()).sum();
  }
}
