package io.understudy.benchmarks;

import io.understudy.benchmarks.compute.ComputeCommand;
import io.understudy.benchmarks.failover.FailoverCommand;
import io.understudy.benchmarks.machine.MachineCommand;
import io.understudy.benchmarks.micro.MicroCommand;
import io.understudy.benchmarks.vms.VmsCommand;
import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Entry point: runs one measurement and ends the process, with 0 when it could be made. */
@Command(
    name = "run",
    description = "Measures; figures go to standard output, what happens to standard error.",
    subcommands = {
      MachineCommand.class,
      MicroCommand.class,
      FailoverCommand.class,
      ComputeCommand.class,
      VmsCommand.class
    },
    mixinStandardHelpOptions = true,
    scope = CommandLine.ScopeType.INHERIT)
public final class Main implements Runnable {
  @Spec private CommandSpec spec;

  /** Runs the measurement that the arguments name. */
  public static void main(String[] args) {
    CommandLine commandLine = new CommandLine(new Main());
    commandLine.setExecutionExceptionHandler(
        (failure, command, parsed) -> {
          PrintWriter err = command.getErr();
          err.println("benchmark failed: " + command.getCommandName());
          failure.printStackTrace(err);
          err.flush();
          return CommandLine.ExitCode.SOFTWARE;
        });
    System.exit(commandLine.execute(args));
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "name a measurement");
  }
}
