package io.understudy.systemtests.faults;

import java.util.ArrayList;
import java.util.List;

/** How the nodes of a VM are started; immutable. */
interface NodeCommands {
  /** A node that begins the run. {@code common} says who and where it is. */
  List<String> first(List<String> common);

  /** A node of a run that exists, from the beginning or again after it died. */
  List<String> again(List<String> common);

  /** Each role has a command of its own, and who starts a node says which. */
  static NodeCommands byRole() {
    return new ByRole();
  }

  /** One command is whatever its VM needs. */
  static NodeCommands byNode() {
    return new ByNode();
  }

  /** What a run's machine is made of. */
  private static List<String> machine() {
    return List.of("--memory", "16", "--partitions", "4");
  }

  private static List<String> command(String name, List<String> common) {
    List<String> arguments = new ArrayList<>(List.of(name));
    arguments.addAll(common);
    return arguments;
  }

  /** The commands {@code primary} and {@code standby}. */
  final class ByRole implements NodeCommands {
    @Override
    public List<String> first(List<String> common) {
      List<String> arguments = command("primary", common);
      arguments.addAll(machine());
      return arguments;
    }

    @Override
    public List<String> again(List<String> common) {
      return command("standby", common);
    }
  }

  /** The command {@code node}. */
  final class ByNode implements NodeCommands {
    @Override
    public List<String> first(List<String> common) {
      List<String> arguments = command("node", common);
      arguments.add("--begin");
      arguments.addAll(machine());
      return arguments;
    }

    @Override
    public List<String> again(List<String> common) {
      return command("node", common);
    }
  }
}
