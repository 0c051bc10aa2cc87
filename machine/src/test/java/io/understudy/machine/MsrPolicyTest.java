package io.understudy.machine;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.kvm.MsrRange;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class MsrPolicyTest {
  private static final int SYSENTER_ESP = 0x175;
  private static final int EFER = 0xc0000080;
  private static final int KERNEL_GS_BASE = 0xc0000102;

  /** Registers through which a guest would see the host's time, power, history or make. */
  private static final int[] HOSTS = {
    0x10,
    0x3b,
    0xe7,
    0xe8,
    0xce,
    0x198,
    0x19c,
    0x309,
    0x38f,
    0x611,
    0x6e0,
    0x4b564d00,
    0x4b564d01,
    0x40000020,
    0xc0000103,
    0xc0000104,
    0xc0010064,
    0xc0010200
  };

  @Test
  void leavesToKvmOnlyWhatIsPartOfTheSavedState() {
    assertThat(isAllowed(EFER)).isTrue();
    assertThat(isAllowed(KERNEL_GS_BASE)).isTrue();
    assertThat(isAllowed(0x277)).as("PAT").isTrue();
    assertThat(IntStream.of(HOSTS)).noneMatch(MsrPolicyTest::isAllowed);
    // KVM takes no more ranges.
    assertThat(MsrPolicy.allowed(true)).hasSizeLessThanOrEqualTo(16);
  }

  @Test
  void readsAsZeroWhatKernelsCannotDoWithout() {
    for (int index : new int[] {0x1b, 0x3a, 0x8b, 0x1a0, 0xc0010015, 0xc0010141}) {
      assertThat(MsrPolicy.read(index)).as("0x%x", index).hasValue(0);
      assertThat(MsrPolicy.acceptsWrite(index)).as("0x%x", index).isTrue();
    }
  }

  @Test
  void hasNothingElse() {
    for (int index : HOSTS) {
      boolean isCounter = index == MsrPolicy.TIME_STAMP_COUNTER;
      assertThat(MsrPolicy.read(index).isPresent()).as("0x%x", index).isEqualTo(isCounter);
      assertThat(MsrPolicy.acceptsWrite(index)).as("0x%x", index).isEqualTo(isCounter);
    }
  }

  /** KVM restores half of what an AMD guest can write there. */
  @Test
  void leavesSysenterToKvmOnIntelAlone() {
    assertThat(isAllowed(SYSENTER_ESP, true)).isTrue();
    assertThat(isAllowed(SYSENTER_ESP, false)).isFalse();
    assertThat(MsrPolicy.read(SYSENTER_ESP)).hasValue(0);
  }

  private static boolean isAllowed(int index) {
    return isAllowed(index, true);
  }

  private static boolean isAllowed(int index, boolean intel) {
    for (MsrRange range : MsrPolicy.allowed(intel)) {
      if (Integer.compareUnsigned(index - range.first(), range.count()) < 0) {
        return true;
      }
    }
    return false;
  }
}
