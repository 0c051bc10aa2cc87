package io.understudy.failover.node;

import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.NodeRole;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * Which part of the log living standbys still need, by their heartbeats: what they have not applied
 * yet, and what is behind their newest checkpoint, from which they start again or are repaired. A
 * standby that has not said how far it is needs everything.
 *
 * <p>Hears on the thread of {@link Peers}; any thread may ask.
 */
final class StandbyNeeds implements Peers.Listener {
  private static final UUID NO_RUN = new UUID(0, 0);

  private final String self;
  private final UUID run;
  private final long aliveNanos;
  private final long sinceNanos;
  private final Map<String, Need> needs = new HashMap<>();
  private long upToNanos;

  private record Need(long epoch, long heardNanos) {}

  /**
   * Nobody was heard yet.
   *
   * @param self this node's name, whose own beats do not count
   * @param alive a standby counts for so long after it was heard; so long passes, too, before
   *     anything is known about standbys that are silent
   */
  StandbyNeeds(String self, UUID run, Duration alive, long nowNanos) {
    this.self = self;
    this.run = run;
    this.aliveNanos = alive.toNanos();
    this.sinceNanos = nowNanos;
    this.upToNanos = nowNanos;
  }

  @Override
  public synchronized void heard(Heartbeat beat, long nowNanos) {
    boolean isOurs = beat.run().equals(run) || beat.run().equals(NO_RUN);
    if (beat.node().equals(self) || beat.role() != NodeRole.STANDBY || !isOurs) {
      return;
    }
    long epoch = beat.run().equals(run) ? beat.epoch() : -1;
    long from = beat.checkpointEpoch() < 0 ? epoch : Math.min(epoch, beat.checkpointEpoch());
    needs.put(beat.node(), new Need(from, nowNanos));
  }

  @Override
  public synchronized void turn(long nowNanos, long heardUpToNanos) {
    upToNanos = heardUpToNanos;
    needs.values().removeIf(need -> heardUpToNanos - need.heardNanos() > aliveNanos);
  }

  /** Why events up to {@code epoch} must stay; empty if no living standby needs them. */
  synchronized Optional<String> objection(long epoch) {
    if (upToNanos - sinceNanos <= aliveNanos) {
      return Optional.of("other nodes have not been listened to for long enough");
    }
    return needs.entrySet().stream()
        .filter(need -> need.getValue().epoch() < epoch)
        .map(
            need ->
                "standby "
                    + need.getKey()
                    + " needs the log from epoch "
                    + (need.getValue().epoch() + 1)
                    + " on")
        .sorted()
        .findFirst();
  }
}
