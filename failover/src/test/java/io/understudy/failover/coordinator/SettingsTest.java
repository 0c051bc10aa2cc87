package io.understudy.failover.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class SettingsTest {
  private static Duration millis(long millis) {
    return Duration.ofMillis(millis);
  }

  @Test
  void defaultsArePinned() {
    CoordinatorSettings settings = CoordinatorSettings.of("c1");

    assertThat(settings.promotionTimeout()).isEqualTo(Duration.ofSeconds(30));
    assertThat(settings.detector())
        .isEqualTo(new DetectorSettings(millis(50), millis(1000), 3, millis(500)));
    assertThat(settings.detector().suspectAfter()).isEqualTo(millis(150));
  }

  @Test
  void refusesTimesThatContradictEachOther() {
    assertThatThrownBy(() -> new DetectorSettings(millis(0), millis(1000), 3, millis(500)))
        .hasMessageContaining("heartbeatInterval");
    assertThatThrownBy(() -> new DetectorSettings(millis(50), millis(150), 3, millis(100)))
        .hasMessageContaining("timeout=PT0.15S");
    assertThatThrownBy(() -> new DetectorSettings(millis(50), millis(1000), 1, millis(500)))
        .hasMessageContaining("missedBeats=1");
    assertThatThrownBy(() -> new DetectorSettings(millis(50), millis(1000), 3, millis(1000)))
        .hasMessageContaining("clusterStall");
    assertThatThrownBy(() -> new DetectorSettings(millis(50), millis(1000), 3, millis(99)))
        .hasMessageContaining("clusterStall");
    assertThatThrownBy(() -> new CoordinatorSettings("c1", DetectorSettings.DEFAULT, millis(1000)))
        .hasMessageContaining("promotionTimeout");
  }
}
