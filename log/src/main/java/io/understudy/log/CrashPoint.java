package io.understudy.log;

import java.io.IOException;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Places where a test can make the process die or freeze, to see what others make of it; there is
 * no other list of them.
 *
 * <p>The system property {@value #PROPERTY} names one, at which passing and how: {@code
 * after-commit:12:halt} ends the process, without any shutdown, at the twelfth commit that has
 * succeeded; {@code stop} freezes it there (SIGSTOP) until somebody sends SIGCONT. Without the
 * property, as always outside of tests, {@link #pass} does nothing. The product never sets it, and
 * says so in its log when somebody else has.
 *
 * <p>Thread-safe.
 */
public enum CrashPoint {
  /** An epoch is about to be written. */
  BEFORE_COMMIT,
  /** Its records are with the broker, in a transaction that nobody has asked to commit. */
  WITHIN_COMMIT,
  /** Its transaction is committed, and nobody but the broker knows. */
  AFTER_COMMIT,
  /** The gate is about to open for an epoch's output. */
  BEFORE_RELEASE,
  /** The gate is about to open for what the guest said before it ended. */
  BEFORE_LAST_RELEASE,
  /** The gate is open for it. */
  AFTER_RELEASE,
  /** A standby that is ordered to lead is about to take the log. */
  BEFORE_FENCE,
  /** It has the log. */
  AFTER_FENCE,
  /** It looks for what it has to apply before it may lead; passed at every look. */
  WITHIN_DRAIN,
  /** The first epoch of a leadership is about to be written. */
  BEFORE_OPEN,
  /** It is committed: this process leads, and has not told anybody. */
  AFTER_OPEN,
  /** The leadership serves; what it has from its predecessor has not been released again. */
  BEFORE_FIRST_RELEASE,
  /** A checkpoint is about to be written. */
  BEFORE_CHECKPOINT,
  /** It is written. */
  AFTER_CHECKPOINT,
  /** A leader has sent one round of pages for a snapshot of its machine, not the last. */
  BETWEEN_CLONE_ROUNDS,
  /** All pieces of a snapshot are with the brokers; its manifest is about to be written. */
  BEFORE_MANIFEST,
  /** The manifest is written, and whoever ordered the snapshot may load it. */
  AFTER_MANIFEST,
  /** A standby has filled in one more page of a snapshot; passed at every page. */
  WITHIN_SNAPSHOT_LOAD,
  /** A snapshot's machine is there and right; it is about to become the first checkpoint. */
  BEFORE_SNAPSHOT_STORED,
  /** It is one; the snapshot has not been marked as verified. */
  AFTER_SNAPSHOT_STORED,
  /** A standby that repairs itself has replayed one more epoch; passed at every epoch. */
  WITHIN_REPAIR,
  /** It has a correct machine, and is about to put it in the place of the wrong one. */
  BEFORE_REPAIRED;

  /** Name of the system property; its value is {@code NAME:N:ACTION}. */
  public static final String PROPERTY = "understudy.crashPoint";

  /** Status of a process that died at its crash point. */
  public static final int EXIT_CODE = 99;

  /** What a process says when it comes to its crash point, before its name. */
  public static final String REACHED = "crash point reached: ";

  /** Long enough for a producer's own thread to send what it has. */
  private static final long SENDING_MILLIS = 100;

  private static final Logger LOGGER = LoggerFactory.getLogger(CrashPoint.class);
  private static final Armed ARMED = Armed.parse(System.getProperty(PROPERTY));

  /**
   * Says in the log when a point is armed.
   *
   * @throws IllegalArgumentException if the property is there and makes no sense
   */
  public static void announce() {
    String value = System.getProperty(PROPERTY);
    if (value != null && ARMED == null) {
      throw new IllegalArgumentException(Armed.refusal(value));
    }
    if (ARMED != null) {
      LOGGER.warn("THIS PROCESS IS MADE TO FAIL, FOR A TEST: {}={}", PROPERTY, ARMED);
    }
  }

  /** Passes this point; returns unless it is armed and this is its turn. */
  public void pass() {
    if (ARMED != null && ARMED.point == this) {
      ARMED.passed();
    }
  }

  /** The name as the property has it. */
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private enum Action {
    HALT,
    STOP
  }

  /** A point with its turn; null stands for none. */
  private static final class Armed {
    private final CrashPoint point;
    private final int turn;
    private final Action action;
    private final AtomicInteger passings = new AtomicInteger();

    private Armed(CrashPoint point, int turn, Action action) {
      this.point = point;
      this.turn = turn;
      this.action = action;
    }

    /** Null as well for what makes no sense: an initializer is no place to say so. */
    private static Armed parse(String value) {
      String[] parts = value == null ? new String[0] : value.split(":", -1);
      try {
        if (parts.length == 3 && Integer.parseInt(parts[1]) >= 1) {
          return new Armed(
              CrashPoint.valueOf(enumName(parts[0])),
              Integer.parseInt(parts[1]),
              Action.valueOf(enumName(parts[2])));
        }
      } catch (IllegalArgumentException e) {
        return null;
      }
      return null;
    }

    private static String refusal(String value) {
      StringBuilder names = new StringBuilder();
      for (CrashPoint point : values()) {
        names.append(' ').append(point.label());
      }
      return PROPERTY
          + " must be NAME:N:ACTION, N from 1, ACTION halt or stop: actual="
          + value
          + " names="
          + names.substring(1);
    }

    private static String enumName(String label) {
      return label.toUpperCase(Locale.ROOT).replace('-', '_');
    }

    private void passed() {
      if (passings.incrementAndGet() != turn) {
        return;
      }
      if (point == WITHIN_COMMIT) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(SENDING_MILLIS));
      }
      LOGGER.warn("{}{}", REACHED, this);
      switch (action) {
        case HALT -> Runtime.getRuntime().halt(EXIT_CODE);
        case STOP -> freeze();
      }
      LOGGER.warn("goes on behind a crash point: {}", this);
    }

    /** The signal stops every thread of the process before the program that sent it has ended. */
    private static void freeze() {
      try {
        int code =
            new ProcessBuilder("kill", "-STOP", Long.toString(ProcessHandle.current().pid()))
                .inheritIO()
                .start()
                .waitFor();
        if (code != 0) {
          throw new IllegalStateException("cannot freeze this process: code=" + code);
        }
      } catch (IOException e) {
        throw new IllegalStateException("cannot freeze this process", e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    @Override
    public String toString() {
      return point.label() + ":" + turn + ":" + action.name().toLowerCase(Locale.ROOT);
    }
  }
}
