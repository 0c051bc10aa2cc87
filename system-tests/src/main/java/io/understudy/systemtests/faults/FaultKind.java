package io.understudy.systemtests.faults;

import java.util.Locale;

/** What the nemesis can do. The order is that in which a suite goes through them. */
enum FaultKind {
  /** SIGKILL of the leader, which comes back as a standby. */
  KILL_PRIMARY,
  /** The leader dies or freezes at a named place of the product, its successor too. */
  CRASH_POINT,
  /** The leader is frozen, shorter or longer than it takes to be replaced: a zombie. */
  PAUSE_PRIMARY,
  /** Several faults, one after the other, of a VM in node processes. */
  NODE_CHAIN,
  /** A node dies or freezes while a snapshot is taken or loaded. */
  CLONE_CRASH,
  /** SIGKILL of a broker, which comes back with its data. */
  KILL_BROKER,
  /** The leader's connections to Kafka are silent; what was under way arrives late. */
  HOLE_PRIMARY,
  /** One of three brokers is gone for a while. */
  LOSE_BROKER,
  /** SIGKILL of the standby, which goes on from its checkpoint. */
  KILL_STANDBY,
  /** SIGKILL of the coordinator with its front. */
  KILL_COORDINATOR,
  /** A record that no leader wrote is in the log: readers refuse. */
  FOREIGN_RECORD,
  /** Bytes of a broker's segment are wrong: readers refuse. */
  DAMAGED_SEGMENT,
  /** Bytes of the standby's store are wrong while it is down. */
  DAMAGED_CHECKPOINT,
  /** The disk below the standby's store is full. */
  FULL_DISK,
  /** The clocks of all hosts of the VM jump, each elsewhere. */
  CLOCK_JUMP,
  /** The leader's connections to Kafka are reset, and new ones refused. */
  CUT_PRIMARY,
  /** The standby's are. */
  CUT_STANDBY,
  /** The coordinator's are. */
  CUT_COORDINATOR,
  /** The standby is frozen. */
  PAUSE_STANDBY,
  /** The coordinator is frozen. */
  PAUSE_COORDINATOR,
  /** A broker is frozen. */
  PAUSE_BROKER,
  /** All networks to Kafka are slow. */
  SLOW_NETWORK,
  /** Bits of a running standby's guest memory change: it repairs itself. */
  FLIPPED_MEMORY,
  /** The disk below the store of a running standby is full. */
  FULL_STORE,
  /** The front's connections to the leader are reset, and new ones too. */
  CUT_FRONT,
  /** The front's connections to the leader are silent. */
  HOLE_FRONT;

  /** The name as reports have it. */
  String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Whether the log is damaged for good: nobody can follow it any more. */
  boolean endsTheLog() {
    return this == FOREIGN_RECORD;
  }

  /** Whether runs about it have a plot of their own. */
  boolean isStaged() {
    return switch (this) {
      case NODE_CHAIN, CLONE_CRASH, FLIPPED_MEMORY, FULL_STORE -> true;
      default -> false;
    };
  }

  /** Whether a process that is started meanwhile may find no Kafka. */
  boolean hidesKafka() {
    return switch (this) {
      case KILL_BROKER, LOSE_BROKER, PAUSE_BROKER, CUT_PRIMARY, CUT_STANDBY, HOLE_PRIMARY -> true;
      default -> false;
    };
  }

  /** How many brokers it takes. */
  int brokers() {
    return this == LOSE_BROKER ? 3 : 1;
  }
}
