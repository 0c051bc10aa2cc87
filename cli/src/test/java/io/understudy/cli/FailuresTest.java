package io.understudy.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.understudy.broker.BrokerException;
import io.understudy.failover.node.NodeExit;
import io.understudy.failover.operator.OrderRefusedException;
import io.understudy.kvm.Kvm;
import io.understudy.kvm.KvmUnavailableException;
import io.understudy.log.LogException;
import io.understudy.log.LogFencedException;
import io.understudy.log.LogTimeoutException;
import io.understudy.log.LogTruncatedException;
import io.understudy.log.UnsupportedClusterException;
import io.understudy.machine.BadImageException;
import io.understudy.machine.GuestImage;
import io.understudy.replay.checkpoint.CheckpointStoreException;
import io.understudy.replay.checkpoint.RocksCheckpointStore;
import io.understudy.schemas.SchemaException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

final class FailuresTest {
  @TempDir private Path dir;

  @Test
  void exitCodesAreThePublishedNumbers() {
    assertThat(Arrays.stream(ExitCode.values()).map(ExitCode::code))
        .containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8);
  }

  private static Stream<Arguments> failures() {
    RuntimeException cause = new RuntimeException("cause");
    return Stream.of(
        arguments(new IllegalStateException("x"), ExitCode.UNEXPECTED),
        arguments(new IllegalArgumentException("x"), ExitCode.USAGE),
        arguments(new BrokerException("x"), ExitCode.ENVIRONMENT),
        arguments(new UncheckedIOException(new IOException("x")), ExitCode.ENVIRONMENT),
        arguments(new LogFencedException("x"), ExitCode.FENCED),
        arguments(new LogTimeoutException("x", cause), ExitCode.LOG),
        arguments(new LogTruncatedException("x", true), ExitCode.LOG),
        arguments(new LogException("x"), ExitCode.LOG),
        arguments(new OrderRefusedException("x"), ExitCode.NOT_DONE),
        arguments(new SchemaException("x"), ExitCode.LOG),
        arguments(new TimeoutException("x"), ExitCode.LOG),
        arguments(new UnsupportedClusterException("x"), ExitCode.REFUSED));
  }

  @ParameterizedTest
  @MethodSource("failures")
  void givesEachFailureItsExitCode(Throwable failure, ExitCode expected) {
    assertThat(Failures.exitOf(failure)).isEqualTo(expected);
  }

  @Test
  void givesEnvironment_whenThereIsNoKvm() {
    KvmUnavailableException failure =
        catchOf(KvmUnavailableException.class, () -> Kvm.open(dir.resolve("kvm")).close());

    assertThat(Failures.exitOf(failure)).isEqualTo(ExitCode.ENVIRONMENT);
  }

  @Test
  void givesEnvironment_whenThereIsNoImage() {
    BadImageException failure =
        catchOf(BadImageException.class, () -> GuestImage.read(dir.resolve("guest.elf")));

    assertThat(Failures.exitOf(failure)).isEqualTo(ExitCode.ENVIRONMENT);
  }

  @Test
  void givesRefused_whenThereIsNoCheckpointStore() {
    CheckpointStoreException failure =
        catchOf(
            CheckpointStoreException.class, () -> RocksCheckpointStore.openExisting(dir).close());

    assertThat(Failures.exitOf(failure)).isEqualTo(ExitCode.REFUSED);
  }

  @ParameterizedTest
  @EnumSource(NodeExit.Kind.class)
  void endsWithAnErrorExactlyWhenANodeDidNotEndInOrder(NodeExit.Kind kind) {
    boolean inOrder =
        Set.of(NodeExit.Kind.REQUESTED, NodeExit.Kind.DETACHED, NodeExit.Kind.GUEST_ENDED)
            .contains(kind);

    assertThat(Failures.exitOf(kind) == ExitCode.OK).isEqualTo(inOrder);
  }

  @Test
  void saysEverythingOnOneLine() {
    LogException failure =
        new LogException("cannot do it: vm=a", new IllegalStateException("because\n  of b"));

    assertThat(Failures.line(failure)).isEqualTo("cannot do it: vm=a: because of b");
  }

  @Test
  void namesTheType_whenAFailureIsNotForeseen() {
    assertThat(Failures.line(new NullPointerException("x"))).isEqualTo("NullPointerException: x");
  }

  private static <T extends Throwable> T catchOf(
      Class<T> type, org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
    return org.assertj.core.api.Assertions.catchThrowableOfType(type, call);
  }

  @Test
  void line_hasNothingThatSpeaksToTheTerminal() {
    String escape = "\u001b[31m";

    assertThat(Failures.line(new LogException("record says " + escape + "red")))
        .isEqualTo("record says ?[31mred");
  }
}
