package io.understudy.systemtests.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.log.CrashPoint;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A run's number and the seed say all that will happen in it. */
class ScheduleTest {
  private static final int KINDS = FaultKind.values().length;

  @Test
  void isTheSame_whenAskedAgain() {
    for (int run = 0; run < 2 * KINDS; run++) {
      assertThat(Schedule.of(5, run, Optional.empty()))
          .isEqualTo(Schedule.of(5, run, Optional.empty()));
    }
    assertThat(Schedule.of(5, 0, Optional.empty()))
        .isNotEqualTo(Schedule.of(6, 0, Optional.empty()));
  }

  @Test
  void coversEveryFault_inOneTurn() {
    Set<FaultKind> covered =
        IntStream.range(0, KINDS)
            .mapToObj(run -> Schedule.of(9, run, Optional.empty()).main())
            .collect(Collectors.toSet());

    assertThat(covered).containsExactlyInAnyOrder(FaultKind.values());
  }

  @Test
  void coversEveryCrashPoint_inSomeTurns() {
    Set<String> covered =
        IntStream.range(0, 8 * KINDS)
            .mapToObj(run -> Schedule.of(9, run, Optional.empty()))
            .flatMap(schedule -> schedule.crash().stream())
            .flatMap(crash -> Stream.of(crash.ofLeader(), crash.ofStandby(), crash.ofJoiner()))
            .flatMap(Optional::stream)
            .map(point -> point.substring(0, point.indexOf(':')))
            .collect(Collectors.toSet());

    assertThat(covered)
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(CrashPoint.values())
                // The suite's runs do not end.
                .filter(point -> point != CrashPoint.BEFORE_LAST_RELEASE)
                .map(CrashPoint::label)
                .toList());
  }

  @Test
  void coversEveryBlowAndSometimesThreeNodes_inSomeChains() {
    List<Schedule> chains =
        IntStream.range(0, 20)
            .mapToObj(run -> Schedule.of(9, run, Optional.of(FaultKind.NODE_CHAIN)))
            .toList();

    assertThat(chains).allSatisfy(chain -> assertThat(chain.chain()).hasSizeBetween(3, 5));
    assertThat(chains).extracting(chain -> chain.cast().nodes()).contains(2, 3);
    assertThat(chains)
        .flatExtracting(chain -> chain.chain().stream().map(Blow::kind).toList())
        .contains(Blow.Kind.values());
  }
}
