package io.understudy.failover.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.failover.node.RetentionPolicy.Kind;
import io.understudy.failover.node.RetentionPolicy.Place;
import io.understudy.failover.node.RetentionPolicy.Step;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RetentionPolicyTest {
  private static final int UNKNOWN = -1;

  private final RetentionPolicy byAge =
      new RetentionPolicy(new RetentionSettings(Duration.ofMillis(100), 0));
  private final RetentionPolicy bySize =
      new RetentionPolicy(new RetentionSettings(Duration.ZERO, 1000));

  private static Place start(long age, long bytes) {
    return new Place(-1, false, age, bytes);
  }

  @Test
  void takesNothing_whileTheRunIsYoungerAndSmallerThanIsKept() {
    assertThat(byAge.next(start(99, UNKNOWN), List.of(), -1)).isEqualTo(new Step(Kind.NOTHING, -1));
    assertThat(bySize.next(start(9999, 499), List.of(), -1)).isEqualTo(new Step(Kind.NOTHING, -1));
    assertThat(bySize.next(start(9999, UNKNOWN), List.of(), -1))
        .as("a size that is not known yet")
        .isEqualTo(new Step(Kind.NOTHING, -1));
  }

  @Test
  void takesVerifiesAndTrims_inThisOrder() {
    assertThat(byAge.next(start(100, UNKNOWN), List.of(), -1)).isEqualTo(new Step(Kind.TAKE, -1));
    Place taken = new Place(7, false, 1, UNKNOWN);
    assertThat(byAge.next(start(101, UNKNOWN), List.of(taken), -1))
        .isEqualTo(new Step(Kind.VERIFY, 7));
    Place verified = new Place(7, true, 99, UNKNOWN);
    assertThat(byAge.next(start(200, UNKNOWN), List.of(verified), -1))
        .as("it is not old enough")
        .isEqualTo(new Step(Kind.NOTHING, -1));
    Place old = new Place(7, true, 100, UNKNOWN);
    assertThat(byAge.next(start(201, UNKNOWN), List.of(old), -1)).isEqualTo(new Step(Kind.TRIM, 7));
    assertThat(byAge.next(start(201, UNKNOWN), List.of(old), 7)).isEqualTo(new Step(Kind.TAKE, -1));
  }

  @Test
  void neverTrimsToASnapshotThatNobodyHasVerified() {
    Place unverified = new Place(7, false, 1000, 5000);
    Place newer = new Place(9, true, 1, 1);
    assertThat(byAge.next(start(2000, UNKNOWN), List.of(unverified, newer), -1).kind())
        .isEqualTo(Kind.NOTHING);
    assertThat(bySize.next(start(2000, 9000), List.of(unverified), -1))
        .isEqualTo(new Step(Kind.VERIFY, 7));
  }

  @Test
  void trimsToTheNewestThatLeavesEnough() {
    List<Place> places =
        List.of(new Place(5, true, 0, 900), new Place(6, true, 0, 500), new Place(7, true, 0, 499));
    assertThat(bySize.next(start(0, 2000), places, -1)).isEqualTo(new Step(Kind.TRIM, 6));
    assertThat(bySize.next(start(0, 2000), places, 6)).isEqualTo(new Step(Kind.NOTHING, -1));
  }

  /** A guest that writes evenly, for ten times as long as is kept. */
  @Test
  void keepsBetweenOnceAndTwiceTheAge_withNoMoreSnapshotsThanThat() {
    List<Place> snapshots = new ArrayList<>();
    long trimmedTo = -1;
    int taken = 0;
    for (long now = 0; now < 1000; now++) {
      Step step = new Step(Kind.TAKE, -1);
      while (step.kind() != Kind.NOTHING) {
        List<Place> seen = new ArrayList<>();
        for (Place place : snapshots) {
          seen.add(new Place(place.epoch(), place.verified(), now - place.epoch(), UNKNOWN));
        }
        step = byAge.next(start(now, UNKNOWN), seen, trimmedTo);
        if (step.kind() == Kind.TAKE) {
          taken++;
          snapshots.add(new Place(now, false, 0, UNKNOWN));
          // As a primary does that keeps two.
          if (snapshots.size() > 2) {
            snapshots.remove(0);
          }
        } else if (step.kind() == Kind.VERIFY) {
          Place newest = snapshots.remove(snapshots.size() - 1);
          snapshots.add(new Place(newest.epoch(), true, 0, UNKNOWN));
        } else if (step.kind() == Kind.TRIM) {
          trimmedTo = step.epoch();
          assertThat(now - trimmedTo).isGreaterThanOrEqualTo(100);
        }
      }
      assertThat(now - trimmedTo).as("kept at %d", now).isLessThanOrEqualTo(201);
    }
    assertThat(taken).isEqualTo(9);
  }
}
