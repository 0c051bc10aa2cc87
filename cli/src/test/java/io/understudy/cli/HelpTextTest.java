package io.understudy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

/** What every command's help must be like. */
final class HelpTextTest {
  static Stream<CommandLine> commands() {
    List<CommandLine> found = new ArrayList<>();
    collect(Main.commandLine(), found);
    return found.stream();
  }

  private static void collect(CommandLine command, List<CommandLine> found) {
    found.add(command);
    command.getSubcommands().values().forEach(sub -> collect(sub, found));
  }

  static List<String> examples() {
    return HelpText.examples();
  }

  @ParameterizedTest
  @MethodSource("examples")
  void acceptsItsExamples(String example) {
    List<String> words = Arrays.asList(example.split(" "));
    assertThat(words.get(0)).isEqualTo("understudy");

    Main.commandLine().parseArgs(words.subList(1, words.size()).toArray(String[]::new));
  }

  @ParameterizedTest
  @MethodSource("commands")
  void firstLineIsASentence_becauseListsOfCommandsShowNoMore(CommandLine command) {
    assertThat(command.getCommandSpec().usageMessage().description()[0]).endsWith(".");
  }

  @ParameterizedTest
  @MethodSource("commands")
  void showsDefaultsThatAreOne(CommandLine command) {
    assertThat(command.getUsageMessage().lines())
        .noneMatch(line -> line.strip().matches("Default:(| \\{}| \\[]|  *null)"));
  }

  @ParameterizedTest
  @MethodSource("commands")
  void saysHowValuesAreWritten(CommandLine command) {
    String help = command.getUsageMessage();

    assertThat(help.contains("=TIME")).isEqualTo(help.contains("200us, 50ms"));
    assertThat(help.contains("=SIZE")).isEqualTo(help.contains("512MiB, 20GiB, 2TiB"));
  }

  @ParameterizedTest
  @MethodSource("commands")
  void hasExamples_unlessItOnlyHasSubcommands(CommandLine command) {
    boolean hasOptionsOfItsOwn =
        command.getCommandSpec().options().stream()
            .anyMatch(
                option ->
                    !List.of("--debug", "--help", "--version").contains(option.longestName()));

    assertThat(command.getUsageMessage().contains("Examples:"))
        .isEqualTo(
            hasOptionsOfItsOwn
                || command.getSubcommands().isEmpty()
                || command.getParent() == null);
  }
}
