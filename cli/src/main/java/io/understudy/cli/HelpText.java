package io.understudy.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * What the help of each command says behind its options: exit codes, how values are written, and
 * examples, of which a test knows that they are accepted.
 */
final class HelpText {
  private static final String TIME =
      "TIME is a whole number with a unit, without a space: 200us, 50ms, 2s, 5m, 1h.";
  private static final String SIZE =
      "SIZE is a whole number with a unit, without a space: 64KiB, 512MiB, 20GiB, 2TiB.";

  /** By command without the program's name. Those that only have subcommands have none. */
  private static final Map<String, List<String>> EXAMPLES = new LinkedHashMap<>();

  static {
    put("", "understudy demo", "understudy node --help");
    put("probe", "understudy probe");
    put(
        "run",
        "understudy run --guest ledger",
        "understudy run --kernel vmlinuz --initrd initrd.cpio --disk disk.img --memory 256");
    put("broker", "understudy broker --data /var/lib/understudy/broker");
    put(
        "node",
        "understudy node --node host-a --vm ledger-1 --begin --state /var/lib/understudy",
        "understudy node --node host-b --vm ledger-1 --state /var/lib/understudy --http 9100");
    put("primary", "understudy primary --vm vm1 --node a --state /var/lib/understudy/a");
    put("standby", "understudy standby --vm vm1 --node b --state /var/lib/understudy/b");
    put(
        "coordinator",
        "understudy coordinator --front vm1=127.0.0.1:7000",
        "understudy coordinator --front web=127.0.0.1:7000:stream --http 9100");
    put("status", "understudy status", "understudy status --watch --json");
    put("switch", "understudy switch --vm vm1 --to host-b --reason maintenance");
    put("pause", "understudy pause --vm vm1 --reason maintenance");
    put("resume", "understudy resume --vm vm1");
    put("stop", "understudy stop --vm vm1 --reason done --timeout 30s");
    put("attach", "understudy attach --vm vm1 --node host-c");
    put("detach", "understudy detach --vm vm1 --node host-c");
    put(
        "replay",
        "understudy replay --vm vm1 --verify",
        "understudy replay --vm vm1 --verify --until-epoch 5000 --console console.txt");
    put("log", "understudy log --vm vm1 --summary", "understudy log --vm vm1 --json --limit 100");
    put("log trim", "understudy log trim --vm vm1 --dry-run");
    put(
        "log export",
        "understudy log export --vm vm1 --to vm1.avro",
        "understudy log export --vm vm1 --to monday.avro --from-epoch 5000 --until-epoch 9999");
    put(
        "log verify",
        "understudy log verify vm1.avro",
        "understudy log verify vm1.avro --json --expect-hash 9999:"
            + "8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4");
    put("snapshot", "understudy snapshot --vm vm1");
    put("snapshots", "understudy snapshots --vm vm1");
    put("checkpoint inspect", "understudy checkpoint inspect --state /var/lib/understudy/vm1");
    put("topics create", "understudy topics create --vm vm1 --partitions 4");
    put("topics describe", "understudy topics describe --vm vm1");
    put("topics delete", "understudy topics delete --vm vm1 --yes");
    put("acls", "understudy acls --role primary --principal User:host-a --vm vm1");
    put("demo", "understudy demo", "understudy demo --seconds 20 --json");
  }

  private HelpText() {}

  /** Completes the help of a command and of all below it. */
  static void complete(CommandSpec root) {
    complete(root, "");
  }

  /** Examples of all commands, as they are shown. */
  static List<String> examples() {
    return EXAMPLES.values().stream().flatMap(List::stream).toList();
  }

  private static void complete(CommandSpec command, String name) {
    List<String> footer = new ArrayList<>();
    if (takes(command, "TIME")) {
      footer.add(TIME);
    }
    if (takes(command, "SIZE")) {
      footer.add(SIZE);
    }
    List<String> examples = EXAMPLES.getOrDefault(name, List.of());
    if (!examples.isEmpty()) {
      footer.add(footer.isEmpty() ? "Examples:" : "%nExamples:");
      examples.forEach(example -> footer.add("  " + example));
    }
    command
        .usageMessage()
        .exitCodeListHeading("%nExit codes:%n")
        .exitCodeList(ExitCode.table())
        .footerHeading(footer.isEmpty() ? "" : "%n")
        .footer(footer.toArray(String[]::new));
    command
        .subcommands()
        .forEach((sub, line) -> complete(line.getCommandSpec(), (name + " " + sub).strip()));
  }

  private static boolean takes(CommandSpec command, String label) {
    return command.options().stream().map(OptionSpec::paramLabel).anyMatch(l -> l.contains(label));
  }

  private static void put(String command, String... examples) {
    EXAMPLES.put(command, List.of(examples));
  }
}
