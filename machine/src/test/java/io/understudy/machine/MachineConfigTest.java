package io.understudy.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.understudy.machine.linux.KernelFile;
import io.understudy.machine.linux.SyntheticKernel;
import io.understudy.schemas.Attachments;
import org.junit.jupiter.api.Test;

class MachineConfigTest {
  private static final long MEBIBYTE = 1 << 20;
  private static final GuestProgram BARE = new GuestAssembler().end().program("bare");

  /** Reaches to 24 MiB: preferred address and initial size. */
  private static final KernelFile KERNEL =
      KernelFile.parse(
          "vmlinuz",
          SyntheticKernel.bzImage(SyntheticKernel.vmlinux(new byte[] {0x0f, 0x31}), "gzip"));

  private static final GuestProgram LINUX = new LinuxGuest(KERNEL, new byte[0]);

  @Test
  void takesWhatAMachineCanBeMadeOf() {
    for (long mebibytes : new long[] {16, 18, 1024}) {
      assertThatCode(() -> config(BARE, mebibytes * MEBIBYTE, "")).doesNotThrowAnyException();
    }
    assertThatCode(() -> config(LINUX, 24 * MEBIBYTE, "quiet")).doesNotThrowAnyException();
  }

  @Test
  void refusesMemoryOutOfRange() {
    for (long bytes : new long[] {0, -1, 14 * MEBIBYTE, 17 * MEBIBYTE, 1026 * MEBIBYTE}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> config(BARE, bytes, ""))
          .withMessageContaining("multiple of 2 MiB in [16 MiB, 1024 MiB]: bytes=" + bytes);
    }
  }

  @Test
  void refusesMemoryThatTheProgramDoesNotFit() {
    byte[] large = new byte[(int) (15 * MEBIBYTE)];
    GuestProgram image = new GuestAssembler(large).end().program("large");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> config(image, 16 * MEBIBYTE, ""))
        .withMessage("large needs memory up to 0x1100000, the guest has 0x1000000");

    assertThatIllegalArgumentException()
        .isThrownBy(() -> config(LINUX, 22 * MEBIBYTE, ""))
        .withMessageContaining("vmlinuz: too little memory")
        .withMessageContaining("the guest has 22 MiB")
        .withMessageContaining("at least 24 MiB");
    GuestProgram withInitrd = new LinuxGuest(KERNEL, new byte[(int) (3 * MEBIBYTE)]);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> config(withInitrd, 26 * MEBIBYTE, ""))
        .withMessageContaining("initrd has 3145728 bytes")
        .withMessageContaining("at least 28 MiB");
  }

  @Test
  void refusesACommandLineThatTheGuestWouldNotGet() {
    for (String line : new String[] {"x".repeat(2048), "caf\u00e9", "a\0b"}) {
      for (GuestProgram program : new GuestProgram[] {BARE, LINUX}) {
        assertThatIllegalArgumentException()
            .isThrownBy(() -> config(program, 32 * MEBIBYTE, line))
            .withMessageContaining("command line must be at most 2047 ASCII characters")
            .withMessageContaining("length=" + line.length());
      }
    }
    assertThatCode(() -> config(BARE, 32 * MEBIBYTE, "x".repeat(2047))).doesNotThrowAnyException();
  }

  @Test
  void refusesDevicesThatDoNotExist() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> config("52:54:00:12:34", Attachments.UART))
        .withMessageContaining("macAddress=52:54:00:12:34");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> config("", "vga"))
        .withMessageContaining("consoleDevice must be 'uart' or 'virtio', is 'vga'");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new MachineConfig(BARE, 16 * MEBIBYTE, "", -1))
        .withMessageContaining("epochMillis=-1");
  }

  @Test
  void hasABusForWhoeverNeedsOne() {
    assertThat(config(BARE, 16 * MEBIBYTE, "").hasPci()).isFalse();
    assertThat(config(LINUX, 32 * MEBIBYTE, "").hasPci()).isTrue();
    assertThat(config("52:54:00:12:34:56", Attachments.UART).hasPci()).isTrue();
    assertThat(config("", Attachments.VIRTIO).hasPci()).isTrue();
  }

  @Test
  void derivesOneSeedForEachUse() {
    MachineConfig config = config(BARE, 16 * MEBIBYTE, "");

    assertThat(config.seedFor("rng")).hasSize(32).isEqualTo(config.seedFor("rng"));
    assertThat(config.seedFor("rng")).isNotEqualTo(config.seedFor("boot"));
  }

  private static MachineConfig config(GuestProgram program, long memoryBytes, String line) {
    return new MachineConfig(program, memoryBytes, line, 0);
  }

  private static MachineConfig config(String macAddress, String console) {
    return new MachineConfig(
        BARE, 16 * MEBIBYTE, "", 0, 0, RunClock.EXIT, null, macAddress, console);
  }
}
