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

  /** The commands {@code primary} and {@code standby}. */
  final class ByRole implements NodeCommands {
    @Override
    public List<String> first(List<String> common) {
      List<String> arguments = new ArrayList<>(List.of("primary"));
      arguments.addAll(common);
      arguments.addAll(List.of("--memory", "16", "--partitions", "4"));
      return arguments;
    }

    @Override
    public List<String> again(List<String> common) {
      List<String> arguments = new ArrayList<>(List.of("standby"));
      arguments.addAll(common);
      return arguments;
    }
  }
}
