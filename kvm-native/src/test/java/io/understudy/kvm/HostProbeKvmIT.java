package io.understudy.kvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The probe tells the truth about this host, and survives guests that hang. */
@RequiresKvm
class HostProbeKvmIT {
  @Test
  void findsHostUsable() {
    try (Kvm kvm = Kvm.open()) {
      ProbeReport report = HostProbe.run(kvm);

      assertThat(report.usable()).as(report.toString()).isTrue();
      assertThat(report.results()).hasSizeGreaterThanOrEqualTo(17);
      assertThat(report.results()).extracting(ProbeResult::mechanism).doesNotHaveDuplicates();
      assertThat(report.results()).allSatisfy(r -> assertThat(r.evidence()).isNotBlank());
      for (String mechanism : List.of("kick", "port exits", "completion", "save and restore")) {
        assertThat(report.find(mechanism).orElseThrow().verdict()).isEqualTo(Verdict.WORKS);
      }
    }
  }

  @Test
  void reportsHangingGuest_insteadOfHanging() {
    try (Kvm kvm = Kvm.open();
        ProbeGuest guest = ProbeGuest.start(kvm, 0xEB, 0xFE)) {
      assertThatThrownBy(() -> guest.run(Duration.ofMillis(50)))
          .isInstanceOf(GuestTimeoutException.class)
          .hasMessage("no exit within timeoutMs=50");
    }
  }

  @Test
  void reportsWrongExit() {
    try (Kvm kvm = Kvm.open()) {
      Probe probe =
          new Probe(
              "test",
              true,
              k -> {
                try (ProbeGuest guest = ProbeGuest.start(k, 0x0F, 0x0B)) { // ud2, no handler
                  Probe.expect(VcpuExit.Halt.class, guest.run(Probe.TIMEOUT));
                  return Probe.Finding.works("");
                }
              });

      ProbeResult result = probe.run(kvm);

      assertThat(result)
          .isEqualTo(
              new ProbeResult(
                  "test", Verdict.DOES_NOT_WORK, "exit expected=Halt actual=Shutdown[]", true));
      assertThat(new ProbeReport(List.of(result)).usable()).isFalse();
    }
  }
}
