package io.understudy.cli;

import java.io.PrintWriter;
import picocli.CommandLine;

/**
 * Entry point: parses, runs one command, ends the process with an {@link ExitCode}.
 *
 * <p>The commands run on the main thread.
 */
public final class Main {
  private Main() {}

  /** Runs the command that the arguments name. */
  public static void main(String[] args) {
    int code = commandLine().execute(args);
    Termination.commandEnded(code);
    System.exit(code);
  }

  /** The whole command line, with one-line messages instead of stack traces. */
  static CommandLine commandLine() {
    UnderstudyCommand root = new UnderstudyCommand();
    CommandLine commandLine = new CommandLine(root);
    commandLine.setExecutionExceptionHandler(
        (failure, command, parsed) -> report(failure, command, root.isDebug()));
    commandLine.setParameterExceptionHandler(
        (failure, args) -> refuse(failure, failure.getCommandLine()));
    commandLine.setCaseInsensitiveEnumValuesAllowed(true);
    HelpText.complete(commandLine.getCommandSpec());
    return commandLine;
  }

  private static int report(Exception failure, CommandLine command, boolean debug) {
    PrintWriter err = command.getErr();
    err.println(command.getCommandSpec().qualifiedName() + ": " + Failures.line(failure));
    if (debug) {
      failure.printStackTrace(err);
    }
    err.flush();
    return Failures.exitOf(failure).code();
  }

  private static int refuse(CommandLine.ParameterException failure, CommandLine command) {
    String name = command.getCommandSpec().qualifiedName();
    PrintWriter err = command.getErr();
    err.println(name + ": " + Printable.line(failure.getMessage()));
    CommandLine.UnmatchedArgumentException.printSuggestions(failure, err);
    err.println("see: " + name + " --help");
    err.flush();
    return ExitCode.USAGE.code();
  }
}
