package io.understudy.failover.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.understudy.broker.EmbeddedBroker;
import io.understudy.capture.CaptureSettings;
import io.understudy.failover.node.NodeExit.Kind;
import io.understudy.kvm.Kvm;
import io.understudy.kvm.RequiresKvm;
import io.understudy.log.ClusterConnection;
import io.understudy.log.Epoch;
import io.understudy.log.LogTopics;
import io.understudy.log.SnapshotDirectory;
import io.understudy.log.StoredSnapshot;
import io.understudy.machine.FaultyHost;
import io.understudy.machine.GuestFiles;
import io.understudy.machine.GuestImages;
import io.understudy.machine.Machine;
import io.understudy.machine.MachineParts;
import io.understudy.replay.ReplayDivergenceException;
import io.understudy.replay.ReplayProgress;
import io.understudy.replay.Replayer;
import io.understudy.replay.Standby;
import io.understudy.replay.StartOptions;
import io.understudy.replay.StartPolicy;
import io.understudy.schemas.Attachments;
import io.understudy.schemas.VmId;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.LongPredicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The memory of a standby's machine is damaged while it follows a real primary. */
@RequiresKvm
@Timeout(180)
class StandbyRepairKvmIT {
  private static final int MEMORY_BYTES = 32 << 20;

  /** A page that the guest does not use: the fault is in memory alone. */
  private static final int PAGE = MEMORY_BYTES / Machine.PAGE_SIZE - 3;

  @TempDir private static Path brokerDirectory;
  private static EmbeddedBroker broker;

  @TempDir private Path directory;
  private final Kvm kvm = Kvm.open();
  private final List<String> phases = new CopyOnWriteArrayList<>();
  private final NodeOutput output = new NodeOutput();
  private VmId vm;
  private OrderBoard orders;
  private Node primary;
  private CompletableFuture<NodeExit> leading;

  @BeforeAll
  static void startBroker() {
    EmbeddedBroker.keepJvmAlive();
    broker = EmbeddedBroker.start(brokerDirectory, 0);
  }

  @AfterAll
  static void stopBroker() {
    broker.close();
  }

  @BeforeEach
  void lead(TestInfo test) {
    vm = new VmId("repair-" + Integer.toHexString(test.getDisplayName().hashCode()));
    orders = new OrderBoard(settings().connection());
    orders.start();
    primary = new Node(settings(), orders, Watching.byDefault());
    leading =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return primary.runPrimary(
                    new NewRun(
                        GuestImages.LEDGER,
                        parts(),
                        MEMORY_BYTES,
                        "",
                        "",
                        Attachments.UART,
                        4,
                        "channels"));
              } catch (InterruptedException interrupted) {
                throw new IllegalStateException(interrupted);
              }
            });
  }

  @AfterEach
  void stop() throws Exception {
    primary.stop("the test is done");
    assertThat(leading.get(30, TimeUnit.SECONDS).kind()).isEqualTo(Kind.REQUESTED);
    orders.close();
    kvm.close();
  }

  @Test
  void passingFaultIsRepairedFromTheCheckpoint_andReportedToThePage() throws Exception {
    Follower follower = new Follower(epoch -> epoch == 60, false);
    ReplayProgress progress = follow(Duration.ofMillis(200), follower, 60);

    assertThat(progress.digestMismatches()).isEqualTo(1);
    assertThat(progress.repairs()).isEqualTo(1);
    assertThat(progress.lastRepair()).isEqualTo("registers=[] devices=[] pages=[" + PAGE + "]");
    assertThat(phases).containsExactly(StartOptions.REPAIRING, StartOptions.FOLLOWING);
    assertThat(snapshots()).as("no snapshot was needed").isEmpty();
  }

  /** The replay from the checkpoint is damaged in the same way. */
  @Test
  void lastingFaultIsRepairedByWhatChangedSinceTheCheckpoint() throws Exception {
    Follower follower = new Follower(epoch -> epoch == 60, true);
    ReplayProgress progress = follow(Duration.ofMillis(200), follower, 60);

    assertThat(progress.repairs()).isEqualTo(1);
    assertThat(follower.corruptions).as("once when following, once again").isEqualTo(2);
    List<StoredSnapshot> taken = snapshots();
    assertThat(taken.get(0).manifest().sinceEpoch()).isBetween(0L, 60L);
    assertThat(taken.get(0).manifest().epoch()).isGreaterThan(60);
    // A checkpoint that was taken right behind the fault has it; then only a complete one helps.
    assertThat(taken).hasSize(taken.get(0).manifest().sinceEpoch() == 60 ? 2 : 1);
  }

  @Test
  void faultBeforeTheFirstCheckpointIsRepairedByACompleteSnapshot() throws Exception {
    Follower follower = new Follower(epoch -> epoch == 30, false);
    ReplayProgress progress = follow(Duration.ofHours(1), follower, 30);

    assertThat(progress.repairs()).isEqualTo(1);
    assertThat(snapshots())
        .singleElement()
        .satisfies(
            snapshot -> {
              assertThat(snapshot.manifest().isComplete()).isTrue();
              assertThat(snapshot.verified()).isTrue();
            });
  }

  /** Also a checkpoint that was taken behind the digest, with the fault in it, is passed over. */
  @Test
  void endsAsDiverged_whenItMustBeRepairedTooOften() {
    Follower follower = new Follower(epoch -> epoch >= 40 && epoch % 10 == 0, false);
    assertThatThrownBy(() -> follow(Duration.ofMillis(100), follower, 1_000_000))
        .isInstanceOf(ReplayDivergenceException.class)
        .hasMessageContaining("digest of memory");
    assertThat(phases).hasSize(6);
  }

  /** Nobody asks why a node that was told to end was wrong. */
  @Test
  void endsWithoutFailure_whenItIsGivenUpWhileItWaitsForASnapshot() throws Exception {
    Follower follower = new Follower(epoch -> epoch == 30, false);
    ReplayProgress progress =
        follow(Duration.ofHours(1), follower, 30, () -> phases.contains(StartOptions.REPAIRING));

    assertThat(progress.digestMismatches()).isEqualTo(1);
    assertThat(progress.repairs()).isZero();
    assertThat(phases).containsExactly(StartOptions.REPAIRING);
  }

  private ReplayProgress follow(Duration checkpointEvery, Follower follower, long damaged)
      throws InterruptedException {
    return follow(checkpointEvery, follower, damaged, () -> false);
  }

  /** Follows until the machine was right for some epochs behind {@code damaged}. */
  private ReplayProgress follow(
      Duration checkpointEvery, Follower follower, long damaged, BooleanSupplier giveUp)
      throws InterruptedException {
    awaitTopic();
    Standby.Setup setup =
        new Standby.Setup(
            kvm,
            connection(),
            vm,
            header -> parts(),
            output,
            directory.resolve("checkpoints"),
            checkpointEvery,
            new StartOptions(
                "standby", StartPolicy.AUTO, 1_000_000, Duration.ofSeconds(30), phases::add));
    try (Standby standby = Standby.open(setup, giveUp)) {
      follower.until = () -> standby.progress().epoch() > damaged + 40;
      standby.follow(follower);
      return standby.progress();
    }
  }

  private void awaitTopic() throws InterruptedException {
    try (LogTopics topics = new LogTopics(connection())) {
      while (!topics.exists(vm) && !leading.isDone()) {
        TimeUnit.MILLISECONDS.sleep(50);
      }
    }
  }

  private List<StoredSnapshot> snapshots() {
    try (SnapshotDirectory snapshots =
        SnapshotDirectory.open(connection(), vm, Duration.ofSeconds(10))) {
      return new ArrayList<>(snapshots.all());
    }
  }

  private static ClusterConnection connection() {
    return ClusterConnection.of(broker.bootstrapServers());
  }

  private static MachineParts parts() {
    return new MachineParts(GuestImages.find(GuestImages.LEDGER), null);
  }

  private NodeSettings settings() {
    return new NodeSettings(
        vm,
        "primary",
        connection(),
        directory.resolve("primary"),
        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
        Duration.ofMillis(100),
        Duration.ofSeconds(60),
        Duration.ofSeconds(10),
        CaptureSettings.DEFAULT,
        SnapshotSettings.DEFAULT,
        Path.of("/dev/kvm"),
        new GuestFiles(null, null, null, null),
        "");
  }

  /** Damages the machine behind some epochs, each once or whenever it is there. */
  private static final class Follower implements Replayer.Follower {
    private final LongPredicate when;
    private final boolean again;
    private BooleanSupplier until;
    private int corruptions;
    private long last = -1;

    Follower(LongPredicate when, boolean again) {
      this.when = when;
      this.again = again;
    }

    @Override
    public boolean stopHere() {
      return until.getAsBoolean();
    }

    @Override
    public void applied(Epoch epoch, Machine machine) {
      if (when.test(epoch.number()) && (again || epoch.number() > last)) {
        last = epoch.number();
        corruptions++;
        FaultyHost.corrupt(machine, PAGE);
      }
    }
  }
}
