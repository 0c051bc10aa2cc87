package io.understudy.machine.linux;

import java.util.ArrayList;
import java.util.List;

/**
 * The kernel's command line: what a deterministic run needs, and what the user adds.
 *
 * <p>The options are those of Linux 6.1 ({@code Documentation/admin-guide/kernel-parameters.txt}).
 * Options the machine relies on cannot be given another value; the others are defaults.
 *
 * <p>{@code nokaslr} is not among them: only the decompressor reads it, which never runs here. The
 * kernel proper does not know it and would hand it to init as an argument. It runs where it is
 * linked because {@link LinuxBoot} leaves the flag for the opposite out of the setup header.
 */
public final class LinuxCommandLine {
  /**
   * Loops per jiffy, so that the kernel measures no delays. Small on purpose: a delay is time in
   * which virtual time stands still.
   */
  public static final int LOOPS_PER_JIFFY = 10_000;

  /** I/O port of the machine's power-management timer. */
  public static final int PM_TIMER_PORT = 0x608;

  private static final List<Option> OPTIONS =
      List.of(
          fallback("console=ttyS0", "output goes to the serial port"),
          required("noapic", "interrupts come from the two 8259 only"),
          required("nolapic", "interrupts come from the two 8259 only"),
          required("acpi=off", "there are no tables, and none may be looked for"),
          required("noxsave", "the CPU model has no XSAVE"),
          required("randomize_kstack_offset=off", "it reads the time stamp counter on each entry"),
          required("random.trust_cpu=off", "RDRAND and RDSEED differ from run to run"),
          required("notsc", "the time stamp counter is no clock here"),
          required("tsc=unstable", "the time stamp counter is no clock here"),
          required(
              "pmtmr=0x" + Integer.toHexString(PM_TIMER_PORT),
              "the clock's port, which ACPI's tables would have told"),
          required("clocksource=acpi_pm", "the one clock that follows virtual time"),
          required("no-kvmclock", "the host's clock must not be seen"),
          fallback("no_timer_check", "the timer works"),
          fallback("lpj=" + LOOPS_PER_JIFFY, "measuring delays takes time and shows the host's"),
          fallback("nowatchdog", "virtual time may jump"),
          fallback("nmi_watchdog=0", "there is no performance counter"),
          fallback("mitigations=off", "one guest, whose every input is logged"),
          fallback("pci=conf1", "the only way to PCI's configuration here"),
          fallback("reboot=k", "the machine sees the keyboard controller's reset"),
          fallback("panic=-1", "a panic ends the run at once"),
          fallback("i8042.noaux", "there is no mouse"),
          fallback("i8042.nomux", "there is no mouse"),
          fallback("i8042.nopnp", "there are no tables to ask"),
          fallback("i8042.dumbkbd", "there is no keyboard"),
          fallback("8250.nr_uarts=1", "there is one serial port"));

  private LinuxCommandLine() {}

  /**
   * An option that is added to every command line.
   *
   * @param text as the kernel reads it
   * @param isRequired whether the user may not give it another value
   * @param reason why, without a full stop
   */
  public record Option(String text, boolean isRequired, String reason) {
    private String name() {
      return nameOf(text);
    }
  }

  /** All options that are added, in the order of the command line. */
  public static List<Option> options() {
    return OPTIONS;
  }

  /**
   * Puts the machine's options before the user's. An option that is no required one is left out if
   * the user gives one of the same name; a required one is not repeated.
   *
   * @param userAppend options separated by blanks, with double quotes around blanks that belong to
   *     a value; what stands behind {@code --} goes to init and is not looked at
   * @throws IllegalArgumentException if an option contradicts a required one; the message names all
   */
  public static String withDefaults(String userAppend) {
    List<String> user = split(userAppend);
    List<String> problems = new ArrayList<>();
    for (String given : user) {
      contradiction(given, problems);
    }
    if (!problems.isEmpty()) {
      throw new IllegalArgumentException(
          "the kernel's command line contradicts the machine: " + String.join("; ", problems));
    }
    List<String> line = new ArrayList<>();
    for (Option option : OPTIONS) {
      if (user.stream().noneMatch(given -> nameOf(given).equals(option.name()))) {
        line.add(option.text());
      }
    }
    if (!userAppend.isBlank()) {
      line.add(userAppend.strip());
    }
    return String.join(" ", line);
  }

  private static void contradiction(String given, List<String> problems) {
    String name = nameOf(given);
    for (Option option : OPTIONS) {
      boolean same = canonical(given).equals(canonical(option.text()));
      if (option.isRequired() && option.name().equals(name) && !same) {
        problems.add(given + ": must be " + option.text() + ", because " + option.reason());
      }
    }
  }

  /** The option's name as the kernel compares it: dash and underscore are the same. */
  private static String nameOf(String option) {
    int end = option.indexOf('=');
    return (end < 0 ? option : option.substring(0, end)).replace("\"", "").replace('-', '_');
  }

  private static String canonical(String option) {
    int end = option.indexOf('=');
    return nameOf(option) + (end < 0 ? "" : option.substring(end).replace("\"", ""));
  }

  /** Splits as {@code next_arg} in the kernel's {@code lib/cmdline.c}, up to {@code --}. */
  private static List<String> split(String line) {
    List<String> options = new ArrayList<>();
    StringBuilder option = new StringBuilder();
    boolean quoted = false;
    for (char letter : (line + ' ').toCharArray()) {
      quoted ^= letter == '"';
      if (quoted || !isBlank(letter)) {
        option.append(letter);
      } else if (option.length() > 0) {
        if (option.toString().equals("--")) {
          return options;
        }
        options.add(option.toString());
        option.setLength(0);
      }
    }
    if (option.length() > 0) {
      throw new IllegalArgumentException("the command line has an open quote: " + option);
    }
    return options;
  }

  private static boolean isBlank(char letter) {
    return letter == ' ' || (letter >= '\t' && letter <= '\r');
  }

  private static Option required(String text, String reason) {
    return new Option(text, true, reason);
  }

  private static Option fallback(String text, String reason) {
    return new Option(text, false, reason);
  }
}
