package io.understudy.capture;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LatencyHistogramTest {
  private final LatencyHistogram histogram = new LatencyHistogram();

  @Test
  void boundsQuantilesFromAboveByLessThanAQuarter() {
    for (long micros = 1; micros <= 10_000; micros++) {
      histogram.record(micros);
    }
    for (double part : new double[] {0.01, 0.5, 0.9, 0.99, 1}) {
      long exact = Math.round(10_000 * part);
      assertThat(histogram.quantile(part)).isBetween(exact, exact + exact / 4 + 1);
    }
    assertThat(histogram.count()).isEqualTo(10_000);
  }

  @Test
  void takesAnyValue() {
    histogram.record(-5);
    histogram.record(0);
    histogram.record(Long.MAX_VALUE);

    assertThat(histogram.quantile(0.5)).isZero();
    assertThat(histogram.quantile(1)).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void knowsNothingBeforeTheFirstValue() {
    assertThat(histogram.quantile(0.5)).isZero();
  }
}
