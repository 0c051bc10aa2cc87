package io.understudy.cli;

import io.understudy.broker.BrokerException;
import io.understudy.failover.node.NodeExit;
import io.understudy.failover.operator.OrderRefusedException;
import io.understudy.kvm.KvmException;
import io.understudy.kvm.KvmUnavailableException;
import io.understudy.kvm.TapException;
import io.understudy.log.LogException;
import io.understudy.log.LogFencedException;
import io.understudy.log.LogTimeoutException;
import io.understudy.log.TrimRefusedException;
import io.understudy.log.UnsupportedClusterException;
import io.understudy.machine.BadImageException;
import io.understudy.machine.RunRefusedException;
import io.understudy.replay.ReplayDivergenceException;
import io.understudy.replay.checkpoint.CheckpointDamagedException;
import io.understudy.replay.checkpoint.CheckpointStoreException;
import io.understudy.schemas.SchemaException;
import java.io.UncheckedIOException;
import java.util.List;
import org.apache.kafka.common.KafkaException;

/** The one place that turns failures into exit codes and lines. Stateless. */
final class Failures {
  private record Rule(Class<? extends Throwable> type, ExitCode exit) {}

  /** The first rule that fits counts, so subclasses stand before their superclasses. */
  private static final List<Rule> RULES =
      List.of(
          new Rule(KvmUnavailableException.class, ExitCode.ENVIRONMENT),
          new Rule(KvmException.class, ExitCode.ENVIRONMENT),
          new Rule(TapException.class, ExitCode.ENVIRONMENT),
          new Rule(RunRefusedException.class, ExitCode.ENVIRONMENT),
          new Rule(BadImageException.class, ExitCode.ENVIRONMENT),
          new Rule(BrokerException.class, ExitCode.ENVIRONMENT),
          new Rule(UncheckedIOException.class, ExitCode.ENVIRONMENT),
          new Rule(ReplayDivergenceException.class, ExitCode.DIVERGENCE),
          // A deadline that passed says nothing about another leader.
          new Rule(LogTimeoutException.class, ExitCode.LOG),
          new Rule(LogFencedException.class, ExitCode.FENCED),
          new Rule(UnsupportedClusterException.class, ExitCode.REFUSED),
          new Rule(TrimRefusedException.class, ExitCode.NOT_DONE),
          new Rule(LogException.class, ExitCode.LOG),
          new Rule(SchemaException.class, ExitCode.LOG),
          new Rule(CheckpointDamagedException.class, ExitCode.LOG),
          new Rule(CheckpointStoreException.class, ExitCode.REFUSED),
          new Rule(OrderRefusedException.class, ExitCode.NOT_DONE),
          new Rule(IllegalArgumentException.class, ExitCode.USAGE),
          new Rule(KafkaException.class, ExitCode.LOG));

  private Failures() {}

  /** The exit code for a failure that ended a command. */
  static ExitCode exitOf(Throwable failure) {
    return RULES.stream()
        .filter(rule -> rule.type().isInstance(failure))
        .findFirst()
        .map(Rule::exit)
        .orElse(ExitCode.UNEXPECTED);
  }

  /** The exit code for the way in which a node ended. */
  static ExitCode exitOf(NodeExit.Kind kind) {
    return switch (kind) {
      case REQUESTED, DETACHED, GUEST_ENDED -> ExitCode.OK;
      case FENCED -> ExitCode.FENCED;
      case LOG_TIMEOUT -> ExitCode.LOG;
      case DIVERGED -> ExitCode.DIVERGENCE;
      case FAILED -> ExitCode.UNEXPECTED;
    };
  }

  /**
   * One line for people. Our own exceptions say everything; of others the type is part of what they
   * say, and so is the cause.
   */
  static String line(Throwable failure) {
    StringBuilder line = new StringBuilder();
    if (exitOf(failure) == ExitCode.UNEXPECTED
        || failure instanceof KafkaException
        || failure.getMessage() == null) {
      line.append(failure.getClass().getSimpleName()).append(": ");
    }
    line.append(failure.getMessage());
    if (failure.getCause() != null
        && failure.getCause().getMessage() != null
        && !line.toString().contains(failure.getCause().getMessage())) {
      line.append(": ").append(failure.getCause().getMessage());
    }
    return Printable.line(line.toString());
  }
}
