package io.understudy.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.understudy.machine.linux.SyntheticKernel;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

/**
 * What a person is told whose kernel, initrd, disk or memory will not do: before any cluster is
 * asked, so nothing is left behind anywhere.
 */
class WrongGuestTest {
  private static final int USAGE = ExitCode.USAGE.code();
  private static final int ENVIRONMENT = ExitCode.ENVIRONMENT.code();
  private static final List<String> COMMANDS = List.of("primary", "standby", "replay");

  @TempDir private Path dir;

  @BeforeEach
  void writeFiles() throws IOException {
    byte[] kernel =
        SyntheticKernel.bzImage(SyntheticKernel.vmlinux(new byte[] {0x0f, 0x31}), "gzip");
    Files.write(dir.resolve("vmlinuz"), kernel);
    Files.write(dir.resolve("half"), Arrays.copyOf(kernel, kernel.length / 2));
    Files.write(dir.resolve("text"), "#!/bin/sh\n".getBytes(StandardCharsets.US_ASCII));
    Files.write(dir.resolve("initrd"), new byte[100]);
    Files.write(dir.resolve("empty"), new byte[0]);
    Files.write(dir.resolve("odd"), new byte[1000]);
  }

  /** Where a file is meant, the word begins with an at sign. */
  private static Stream<Arguments> wrong() {
    Stream<Arguments> ofPrimary =
        Stream.of(
                arguments(
                    "--kernel @text", ENVIRONMENT, "@text: not a Linux kernel: first bytes 2321"),
                arguments("--kernel @half", ENVIRONMENT, "is the file cut off?"),
                arguments("--kernel @empty", ENVIRONMENT, "size=0"),
                arguments(
                    "--kernel @vmlinuz --initrd @empty", ENVIRONMENT, "@empty: must have 1 to"),
                arguments("--disk @odd", ENVIRONMENT, "@odd: must be a raw image of a positive"),
                arguments("--disk @empty", ENVIRONMENT, "multiple of 512 bytes: bytes=0"),
                arguments("--guest @text", ENVIRONMENT, "@text: not an ELF file"),
                arguments("--kernel @vmlinuz --memory 20", USAGE, "too little memory"),
                arguments("--kernel @vmlinuz --memory 20", USAGE, "give it at least 24 MiB"),
                arguments(
                    "--kernel @vmlinuz --append clocksource=tsc", USAGE, "clocksource=acpi_pm"),
                arguments("--kernel @vmlinuz --append tsc=reliable", USAGE, "must be tsc=unstable"),
                arguments("--kernel @vmlinuz --append \"a", USAGE, "open quote"),
                arguments("--mac 52:54:00:12:34", USAGE, "macAddress=52:54:00:12:34"),
                arguments("--console vga", USAGE, "is 'vga'"))
            .map(each -> withCommand("primary", each));
    Stream<Arguments> ofAll =
        COMMANDS.stream()
            .flatMap(
                command ->
                    Stream.of(
                            arguments(
                                "--kernel @none", ENVIRONMENT, "kernel @none: does not exist"),
                            arguments("--kernel @.", ENVIRONMENT, "is no regular file"),
                            arguments("--disk @none", ENVIRONMENT, "disk @none: does not exist"),
                            arguments(
                                "--kernel @vmlinuz --initrd @none",
                                ENVIRONMENT,
                                "initrd @none: does not exist"),
                            arguments("--initrd @initrd", USAGE, "an initrd needs a kernel"),
                            arguments("--kernel @vmlinuz --guest ledger", USAGE, "guest=ledger"))
                        .map(each -> withCommand(command, each)));
    return Stream.concat(ofPrimary, ofAll);
  }

  private static Arguments withCommand(String command, Arguments each) {
    Object[] values = each.get();
    return arguments(command, values[0], values[1], values[2]);
  }

  @ParameterizedTest
  @MethodSource("wrong")
  void saysOnOneLineWhatIsWrong_beforeAnythingIsStarted(
      String command, String words, int code, String part) {
    Path state = dir.resolve("state");
    String node = command.equals("replay") ? " --verify" : " --node n --state " + state;
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine commandLine = Main.commandLine();
    commandLine.setOut(new PrintWriter(out));
    commandLine.setErr(new PrintWriter(err));

    int exit =
        commandLine.execute(
            (command + " --vm a --bootstrap-server 127.0.0.1:1" + node + " " + inDir(words))
                .split(" "));

    List<String> lines = err.toString().lines().filter(line -> !line.startsWith("see: ")).toList();
    assertThat(exit).as(err.toString()).isEqualTo(code);
    assertThat(out.toString()).isEmpty();
    assertThat(lines).singleElement().asString().startsWith("understudy " + command + ": ");
    assertThat(lines.get(0)).contains(inDir(part)).doesNotContain("java.lang.");
    assertThat(state).doesNotExist();
  }

  private String inDir(String words) {
    return words.replace("@", dir + "/");
  }
}
