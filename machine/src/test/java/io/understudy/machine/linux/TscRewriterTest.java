package io.understudy.machine.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.understudy.machine.BadImageException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TscRewriterTest {
  @ParameterizedTest
  @CsvSource({
    "0f31, e6e4",
    "0f01f9, e6e590",
    "660f31, e6e490",
    "f3480f31, e6e49090",
    "2e0f01f9, e6e59090",
    "0faee80f31, 0faee8e6e4", // lfence; rdtsc
    "0f31909090, e6e4909090", // alternatives pad with NOP
    "0f3148c1e22048 09d0c3, e6e448c1e2204809d0c3",
    "b80f310000c3, b80f310000c3", // inside an immediate
    "488b050f01f900, 488b050f01f900", // inside a displacement
    "0fc7f00fc7f80f330f01d0, 0fc7f00fc7f80f330f01d0", // reported only
    "f00f31, f00f31" // faults, and goes on doing so
  })
  void replacesTheInstructionAndNothingElse(String before, String after) {
    byte[] original = SyntheticKernel.vmlinux(hex(before));

    byte[] rewritten = rewrite(original).vmlinux();

    byte[] expected = original.clone();
    byte[] text = hex(after);
    System.arraycopy(text, 0, expected, SyntheticKernel.TEXT_OFFSET, text.length);
    assertThat(rewritten).isEqualTo(expected);
  }

  @Test
  void reportsWhatItSaw() {
    RewriteReport report =
        rewrite(SyntheticKernel.vmlinux(hex("0f31 0f31 0f01f9 b80f310000 680f01f900 0fc7f0")))
            .report();

    assertThat(report.sections()).hasSize(1);
    RewriteReport.Section text = report.sections().get(0);
    assertThat(text.name()).isEqualTo(".text");
    assertThat(text.address()).isEqualTo(SyntheticKernel.TEXT_ADDRESS);
    assertThat(text.found())
        .isEqualTo(
            Map.of(
                HostInstruction.RDTSC, 2L,
                HostInstruction.RDTSCP, 1L,
                HostInstruction.RDRAND, 1L));
    assertThat(text.sizeBytes()).isEqualTo(20);
    assertThat(text.instructions()).isEqualTo(6);
    assertThat(report.count(HostInstruction.RDTSC)).isEqualTo(2);
    assertThat(report.count(HostInstruction.RDSEED)).isZero();
    assertThat(report.embedded()).isEqualTo(2);
    assertThat(report.undecodableBytes()).isZero();
    assertThat(report.toString())
        .isEqualTo(
            ".text: address=0xffffffff81000000 sizeBytes=20 instructions=6 undecodableBytes=0"
                + " embedded=2 found={RDTSC=2, RDTSCP=1, RDRAND=1}");
  }

  @Test
  void isDoneOnce_whenDoneTwice() {
    byte[] once = rewrite(SyntheticKernel.vmlinux(hex("0f310f01f9c3"))).vmlinux();

    RewrittenKernel twice = rewrite(once);

    assertThat(twice.vmlinux()).isEqualTo(once);
    assertThat(twice.report().count(HostInstruction.RDTSC)).isZero();
  }

  @Test
  void fallsInStep_behindCodeFor32BitMode() {
    // ljmp $8, $0x1000 as the entry for hypervisors has it, then far enough away RDTSC.
    byte[] text = new byte[200];
    Arrays.fill(text, (byte) 0x90);
    System.arraycopy(hex("ea001000000800"), 0, text, 0, 7);
    System.arraycopy(hex("0f31"), 0, text, TscRewriter.DOUBTFUL_BYTES, 2);

    RewrittenKernel kernel = rewrite(SyntheticKernel.vmlinux(text));

    assertThat(kernel.report().undecodableBytes()).isEqualTo(1);
    assertThat(kernel.report().count(HostInstruction.RDTSC)).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {-66, -65, -64, -3, 1, 2, 62, 63, 64, 65})
  void refusesWhatMayBeRdtsc_nearUndecodableBytes(int distance) {
    byte[] text = new byte[300];
    Arrays.fill(text, (byte) 0x90);
    text[150] = (byte) 0xea;
    text[150 + distance] = 0x0f;
    text[150 + distance + 1] = 0x31;
    byte[] vmlinux = SyntheticKernel.vmlinux(text);

    if (distance < -TscRewriter.DOUBTFUL_BYTES || distance >= TscRewriter.DOUBTFUL_BYTES) {
      assertThat(rewrite(vmlinux).report().count(HostInstruction.RDTSC)).isEqualTo(1);
    } else {
      assertThatExceptionOfType(BadImageException.class)
          .isThrownBy(() -> rewrite(vmlinux))
          .withMessageContaining("section .text has what may be RDTSC or RDTSCP at 0xffffffff8100")
          .withMessageContaining("bytes at 0xffffffff81000096 are no 64-bit instruction");
    }
  }

  @Test
  void refusesBytesOfRdtscp_atTheCutOffEndOfASection() {
    assertThatExceptionOfType(BadImageException.class)
        .isThrownBy(() -> rewrite(SyntheticKernel.vmlinux(hex("b80f01f9"))))
        .withMessageContaining("what may be RDTSC");
  }

  @Test
  void refusesAKernelWithoutSections() {
    byte[] vmlinux = SyntheticKernel.vmlinux(hex("0f31"));
    SyntheticKernel.littleEndian(vmlinux).putLong(40, 0).putShort(60, (short) 0);

    assertThatExceptionOfType(BadImageException.class)
        .isThrownBy(() -> rewrite(vmlinux))
        .withMessageContaining("no executable section (0 sections in all)");
  }

  @Test
  void refusesOverlappingSections() {
    byte[] vmlinux = SyntheticKernel.vmlinux(new byte[4096]);
    for (int index = 1; index < 5; index++) {
      int header = 0x3040 + 64 * index;
      SyntheticKernel.littleEndian(vmlinux)
          .putInt(header + 4, 1)
          .putLong(header + 8, 6)
          .putLong(header + 24, 0)
          .putLong(header + 32, 0x3000);
    }

    assertThatExceptionOfType(BadImageException.class)
        .isThrownBy(() -> rewrite(vmlinux))
        .withMessageContaining("executable sections overlap: together 49152 bytes");
  }

  @Test
  void refusesPortsBeyondAByte() {
    KernelFile kernel = KernelFile.parse("k", SyntheticKernel.vmlinux(hex("0f31")));

    assertThatIllegalArgumentException()
        .isThrownBy(() -> TscRewriter.rewrite(kernel, 0x100, 0))
        .withMessageContaining("port=256");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TscRewriter.rewrite(kernel, 0, -1))
        .withMessageContaining("port=-1");
  }

  private static RewrittenKernel rewrite(byte[] vmlinux) {
    return TscRewriter.rewrite(
        KernelFile.parse("vmlinux", vmlinux), TimeStampPorts.RDTSC, TimeStampPorts.RDTSCP);
  }

  private static byte[] hex(String digits) {
    return HexFormat.of().parseHex(digits.replace(" ", ""));
  }
}
