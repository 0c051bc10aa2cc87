package io.understudy.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** What is read from the lines of the new leader. */
final class FailoverPhasesTest {
  @Test
  void promoted_takesTheNewest_whenTheNodeWasPromotedBefore() {
    List<String> lines =
        List.of(
            "INFO promoted: vm=demo term=2 fenceMillis=11 drainMillis=12 openMillis=13",
            "INFO follows: vm=demo",
            "INFO promoted: vm=demo term=4 fenceMillis=21 drainMillis=22 openMillis=23",
            "INFO leads: vm=demo");

    assertThat(FailoverPhases.promoted("fenceMillis", lines)).contains(21L);
    assertThat(FailoverPhases.promoted("openMillis", lines)).contains(23L);
  }

  @Test
  void promoted_isUnknown_whenTheNodeDidNotSay() {
    assertThat(FailoverPhases.promoted("fenceMillis", List.of("INFO leads: vm=demo"))).isEmpty();
  }
}
