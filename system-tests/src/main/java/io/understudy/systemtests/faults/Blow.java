package io.understudy.systemtests.faults;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * One of several faults that follow each other in one run, see {@link NodeChain}. Immutable.
 *
 * @param kind what
 * @param delayMillis how long all has been well when it comes
 * @param holdMillis how long until it is undone
 * @param choice of what the kind leaves open
 */
record Blow(Kind kind, long delayMillis, long holdMillis, int choice) {
  /** What can be done to VMs in node processes. */
  enum Kind {
    /** SIGKILL of the leader's process. */
    KILL_LEADER,
    /** The leader is frozen until it is replaced, and wakes up. */
    ZOMBIE_LEADER,
    /** An operator lets another node lead. */
    SWITCH,
    /** The same, and something dies meanwhile: leader, standby, coordinator or broker. */
    SWITCH_AND_KILL,
    /** SIGKILL of a broker, which comes back with its data. */
    KILL_BROKER,
    /** The leader's connections to Kafka are silent until it is replaced, then it is back. */
    LOST_LEADER,
    /** SIGKILL of the leader, and of its successor as soon as it leads. */
    KILL_LEADER_TWICE,
    /** SIGKILL of a standby. */
    KILL_STANDBY,
    /** SIGKILL of the coordinator. */
    KILL_COORDINATOR,
    /** SIGKILL of all nodes at once: what they had is in the log and in their stores. */
    KILL_ALL;

    /** The name as reports have it. */
    String label() {
      return "node-" + name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  private static final int LEAST = 3;
  private static final int MORE = 3;

  /** A chain that begins with the death of a leader and has no blow twice. */
  static List<Blow> chain(Random random) {
    List<Kind> left = new ArrayList<>(List.of(Kind.values()));
    List<Blow> chain = new ArrayList<>();
    int count = LEAST + random.nextInt(MORE);
    for (int index = 0; index < count; index++) {
      Kind kind = left.remove(index == 0 ? 0 : random.nextInt(left.size()));
      chain.add(
          new Blow(
              kind,
              random.nextInt(1000),
              100 + random.nextInt(kind == Kind.KILL_BROKER ? 2500 : 1500),
              random.nextInt(1 << 20)));
    }
    return chain;
  }

  /** For people. */
  String describe() {
    return kind.label() + "+" + delayMillis + "+" + holdMillis;
  }
}
