package io.understudy.machine.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LinuxCommandLineTest {
  private static final String ALL =
      "console=ttyS0 noapic nolapic acpi=off noxsave randomize_kstack_offset=off"
          + " random.trust_cpu=off notsc tsc=unstable pmtmr=0x608 clocksource=acpi_pm no-kvmclock"
          + " no_timer_check lpj=10000 nowatchdog nmi_watchdog=0 mitigations=off pci=conf1 reboot=k"
          + " panic=-1 i8042.noaux i8042.nomux i8042.nopnp i8042.dumbkbd 8250.nr_uarts=1";

  @Test
  void defaultsArePinned() {
    assertThat(LinuxCommandLine.withDefaults("")).isEqualTo(ALL);
    assertThat(LinuxCommandLine.withDefaults(" \t")).isEqualTo(ALL);
    assertThat(LinuxCommandLine.options())
        .extracting(LinuxCommandLine.Option::text)
        .containsExactly(ALL.split(" "));
    // Only the decompressor knows it; the kernel would hand it to init.
    assertThat(LinuxCommandLine.withDefaults("")).doesNotContain("nokaslr");
    assertThat(LinuxCommandLine.options()).noneMatch(option -> option.reason().isBlank());
  }

  @Test
  void usersOptionsComeLast() {
    assertThat(LinuxCommandLine.withDefaults("  quiet rdinit=/init  "))
        .isEqualTo(ALL + " quiet rdinit=/init");
  }

  @ParameterizedTest
  @ValueSource(strings = {"console=hvc0", "lpj=5000", "panic=10", "mitigations=auto", "nowatchdog"})
  void usersValueReplacesADefault(String option) {
    String name = option.replaceAll("=.*", "");
    List<String> line = List.of(LinuxCommandLine.withDefaults(option).split(" "));

    assertThat(line.stream().filter(text -> text.replaceAll("=.*", "").equals(name)))
        .containsExactly(option);
  }

  @Test
  void requiredOptionsAreNotRepeated() {
    assertThat(LinuxCommandLine.withDefaults("noapic acpi=off no_kvmclock")).hasSize(ALL.length());
  }

  @ParameterizedTest
  @CsvSource({
    "acpi=force, acpi=off",
    "acpi, acpi=off",
    "clocksource=tsc, clocksource=acpi_pm",
    "tsc=reliable, tsc=unstable",
    "noapic=0, noapic",
    "random.trust-cpu=on, random.trust_cpu=off",
    "randomize_kstack_offset=on, randomize_kstack_offset=off",
    "pmtmr=0, pmtmr=0x608",
    "\"acpi=on\", acpi=off"
  })
  void contradictionsAreRefused(String option, String required) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LinuxCommandLine.withDefaults("quiet " + option))
        .withMessageContaining(option + ": must be " + required + ", because ");
  }

  @Test
  void allContradictionsAreNamed() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LinuxCommandLine.withDefaults("acpi=on noxsave=1 tsc=reliable"))
        .withMessageContainingAll(
            "acpi=on: must be", "noxsave=1: must be", "tsc=reliable: must be");
  }

  @Test
  void blanksInQuotesBelongToAValue() {
    String user = "foo=\"a acpi=on b\" -- acpi=on";

    assertThat(LinuxCommandLine.withDefaults(user)).isEqualTo(ALL + " " + user);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LinuxCommandLine.withDefaults("foo=\"a b"))
        .withMessageContaining("open quote: foo=\"a b");
  }
}
