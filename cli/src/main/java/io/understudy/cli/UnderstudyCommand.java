package io.understudy.cli;

import io.understudy.cli.demo.DemoCommand;
import io.understudy.failover.node.ProgramVersion;
import io.understudy.machine.Machine;
import io.understudy.schemas.ReleasedSchemas;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The command without a verb; holds what all verbs share. */
@Command(
    name = "understudy",
    description = "Fault tolerance for virtual machines by log and replay, with Kafka as the log.",
    scope = ScopeType.INHERIT,
    mixinStandardHelpOptions = true,
    versionProvider = UnderstudyCommand.Version.class,
    showDefaultValues = true,
    sortOptions = false,
    usageHelpWidth = 100,
    subcommands = {
      ProbeCommand.class,
      RunCommand.class,
      BrokerCommand.class,
      NodeCommand.class,
      PrimaryCommand.class,
      StandbyCommand.class,
      CoordinatorCommand.class,
      StatusCommand.class,
      SwitchCommand.class,
      PauseCommand.class,
      ResumeCommand.class,
      StopCommand.class,
      AttachCommand.class,
      DetachCommand.class,
      ReplayCommand.class,
      LogCommand.class,
      SnapshotCommand.class,
      SnapshotsCommand.class,
      CheckpointCommand.class,
      TopicsCommand.class,
      AclsCommand.class,
      DemoCommand.class
    })
final class UnderstudyCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Option(
      names = "--debug",
      scope = ScopeType.INHERIT,
      description = "Show the stack trace of a failure.")
  private boolean debug;

  boolean isDebug() {
    return debug;
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "no command given");
  }

  /**
   * Reads the version from the manifest of the jar. What is recorded says the other two: a run is
   * replayed by programs of the same version of the machine.
   */
  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {
        "understudy " + ProgramVersion.text(),
        "machine version " + Machine.VERSION,
        "schemas version " + ReleasedSchemas.NEWEST_VERSION
      };
    }
  }
}
