package io.understudy.benchmarks;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import java.util.Collection;
import java.util.Locale;

/** Figures of one quantity, from repetitions of one measurement. Immutable. */
public final class Samples {
  private final double[] sorted;

  /**
   * Takes the figures, in any order.
   *
   * @throws IllegalArgumentException if there are none
   */
  public Samples(Collection<? extends Number> figures) {
    if (figures.isEmpty()) {
      throw new IllegalArgumentException("nothing was measured");
    }
    sorted = figures.stream().mapToDouble(Number::doubleValue).sorted().toArray();
  }

  /** The middle one; of an even number the mean of the two in the middle. */
  public double median() {
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  /**
   * The smallest figure that at least the given part of all figures does not exceed.
   *
   * @param part in (0, 1]
   */
  public double quantile(double part) {
    return sorted[Math.max(0, (int) Math.ceil(sorted.length * part) - 1)];
  }

  /** The smallest. */
  public double min() {
    return sorted[0];
  }

  /** The largest. */
  public double max() {
    return sorted[sorted.length - 1];
  }

  /** How many there are. */
  public int count() {
    return sorted.length;
  }

  /** Median, smallest and largest, as an object of three numbers. */
  public ObjectNode json() {
    return JsonNodeFactory.instance
        .objectNode()
        .put("median", rounded(median()))
        .put("min", rounded(min()))
        .put("max", rounded(max()));
  }

  /** Three decimals: more would only pretend. */
  public static double rounded(double value) {
    return Math.round(value * 1000) / 1000.0;
  }

  /** For people: the median, and the range in brackets. */
  public String text(String unit) {
    return String.format(Locale.ROOT, "%9.2f %s  [%.2f, %.2f]", median(), unit, min(), max());
  }

  @Override
  public String toString() {
    return Arrays.toString(sorted);
  }
}
