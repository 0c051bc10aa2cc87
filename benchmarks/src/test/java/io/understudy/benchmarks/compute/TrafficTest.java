package io.understudy.benchmarks.compute;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class TrafficTest {
  @Test
  void sameSeedGivesTheSameTraffic() {
    assertThat(Traffic.of(5, 120)).isEqualTo(Traffic.of(5, 120)).isNotEqualTo(Traffic.of(6, 120));
  }

  @Test
  void seedsHaveEveryRequest_andBothWaysToSend() {
    List<Traffic> all = LongStream.range(0, 50).mapToObj(seed -> Traffic.of(seed, 40)).toList();
    List<String> words =
        all.stream()
            .flatMap(traffic -> traffic.requests().stream())
            .map(request -> request.text().replaceFirst(" .*", ""))
            .distinct()
            .toList();
    assertThat(words).containsExactlyInAnyOrder("BURN", "RANDOM", "TIME", "INCR");
    assertThat(all).anyMatch(traffic -> traffic.window() == 1);
    assertThat(all).anyMatch(traffic -> traffic.window() > 1);
  }

  @Test
  void computationsKeepTheirBounds() {
    for (long seed = 0; seed < 50; seed++) {
      for (Traffic.Request request : Traffic.of(seed, 21).requests()) {
        if (request.text().startsWith("BURN ")) {
          assertThat(Integer.parseInt(request.text().substring(5)))
              .as("seed %d", seed)
              .isBetween(Traffic.BURN_MILLIS_MIN, 21);
        }
      }
    }
  }
}
