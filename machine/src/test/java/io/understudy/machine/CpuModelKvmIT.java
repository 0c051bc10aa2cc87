package io.understudy.machine;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.kvm.Kvm;
import io.understudy.kvm.RequiresKvm;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The processor that this host shows, masked or not: a standby must find the same name again. */
@RequiresKvm
class CpuModelKvmIT {
  private static final int CALLS = 40;

  private final Kvm kvm = Kvm.open();

  @AfterEach
  void closeKvm() {
    kvm.close();
  }

  @Test
  void hasTheSameNameWheneverAndWhereverItIsAsked() throws InterruptedException {
    Set<String> names = new HashSet<>();
    for (int call = 0; call < CALLS; call++) {
      // Each on a thread of its own, so on whatever processor the host puts it.
      Thread asking =
          new Thread(
              () -> {
                String name = CpuModel.of(kvm).name();
                synchronized (names) {
                  names.add(name);
                }
              });
      asking.start();
      asking.join();
    }
    assertThat(names).hasSize(1);
  }

  @Test
  void saysInItsNameWhetherTheGuestSeesMoreThanTheTable() {
    CpuModel model = CpuModel.of(kvm);

    assertThat(model.name())
        .matches(
            model.masked()
                ? "understudy-(intel|amd)-1"
                : "understudy-(intel|amd)-1\\+unmasked-[0-9a-f]{16}");
    // The table hides what would let a guest see time, chance or the host's APIC.
    int featureEdx = model.table().find(1, 0).orElseThrow().edx();
    int featureEcx = model.table().find(1, 0).orElseThrow().ecx();
    assertThat(featureEdx & (1 << 4 | 1 << 9)).as("TSC, APIC").isZero();
    assertThat(featureEcx & (1 << 3 | 1 << 26 | 1 << 28 | 1 << 30))
        .as("MONITOR, XSAVE, AVX, RDRAND")
        .isZero();
    assertThat(model.table().find(7, 0).orElseThrow().ebx()).as("RDSEED, TSX").isZero();
    assertThat(model.table().find(0x80000001, 0).orElseThrow().edx() & 1 << 27)
        .as("RDTSCP")
        .isZero();
  }
}
