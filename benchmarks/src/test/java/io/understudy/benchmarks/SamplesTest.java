package io.understudy.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class SamplesTest {
  @Test
  void medianIsInTheMiddle_whateverTheOrder() {
    assertThat(new Samples(List.of(9, 1, 5)).median()).isEqualTo(5);
    assertThat(new Samples(List.of(4, 1, 2, 9)).median()).isEqualTo(3);
    assertThat(new Samples(List.of(7)).median()).isEqualTo(7);
  }

  @Test
  void quantileIsOneOfTheFigures() {
    Samples samples = new Samples(List.of(10, 40, 20, 30));
    assertThat(samples.quantile(0.5)).isEqualTo(20);
    assertThat(samples.quantile(0.51)).isEqualTo(30);
    assertThat(samples.quantile(0.99)).isEqualTo(40);
    assertThat(samples.quantile(1)).isEqualTo(40);
    assertThat(samples.quantile(0.01)).isEqualTo(10);
  }

  @Test
  void jsonHasMedianAndRange() {
    assertThat(new Samples(List.of(1.00049, 3, 2)).json())
        .hasToString("{\"median\":2.0,\"min\":1.0,\"max\":3.0}");
  }

  @Test
  void refusesNothing() {
    assertThatThrownBy(() -> new Samples(List.of())).isInstanceOf(IllegalArgumentException.class);
  }
}
