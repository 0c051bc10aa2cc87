package io.understudy.failover.coordinator;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

/** What a coordinator is doing about one VM. The codes go into metrics and never change. */
public enum VmState {
  /** The run is new to this coordinator; it listens and orders nothing. */
  LEARNING(0),
  /** The leader gives signs of life. */
  WATCHING(1),
  /** Signs of life are missing. */
  SUSPECTING(2),
  /** A standby has been ordered to lead the next term. */
  ORDERED(3),
  /** The next term has a leader, which does not serve yet. */
  PROMOTED(4),
  /** The leader is dead and no standby can take over; goes on looking for one. */
  NO_CANDIDATE(5),
  /** The run has ended. Terminal: a new run begins with a new watch. */
  ENDED(6);

  private static final Map<VmState, Set<VmState>> NEXT = new EnumMap<>(VmState.class);

  static {
    NEXT.put(LEARNING, EnumSet.of(WATCHING, ENDED));
    NEXT.put(WATCHING, EnumSet.of(SUSPECTING, ORDERED, ENDED));
    NEXT.put(SUSPECTING, EnumSet.of(WATCHING, ORDERED, NO_CANDIDATE, ENDED));
    NEXT.put(ORDERED, EnumSet.of(PROMOTED, WATCHING, SUSPECTING, NO_CANDIDATE, ENDED));
    NEXT.put(PROMOTED, EnumSet.of(WATCHING, SUSPECTING, ORDERED, ENDED));
    NEXT.put(NO_CANDIDATE, EnumSet.of(WATCHING, SUSPECTING, ORDERED, ENDED));
    NEXT.put(ENDED, EnumSet.noneOf(VmState.class));
  }

  private final int code;

  VmState(int code) {
    this.code = code;
  }

  /** Stable number of this state. */
  public int code() {
    return code;
  }

  boolean allows(VmState next) {
    return NEXT.get(this).contains(next);
  }
}
