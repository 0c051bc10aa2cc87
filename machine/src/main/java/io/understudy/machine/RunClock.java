package io.understudy.machine;

import io.understudy.kvm.HostProbe;
import io.understudy.kvm.Kvm;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * Where inputs and interrupts can enter a run's guest beside its exits: the run's logical clock, by
 * its name in the run header. Immutable.
 *
 * @param windows whether interrupts also enter where the guest enables them, between two of its
 *     exits; needs a host that reports this place exactly
 * @param counter what counts the guest's instructions between two exits
 * @param transfers whether the guest may also be stopped where nothing names the place, with its
 *     state going into the log
 */
public record RunClock(boolean windows, Counter counter, boolean transfers) {
  /** What counts instructions between two exits. */
  public enum Counter {
    /** Nothing does. */
    NONE(""),
    /** The host's own count, see {@link InstructionClock}. */
    INSTRUCTIONS("instructions"),
    /** The guest is stepped all the time, see {@link StepClock}. */
    STEPS("steps");

    private final String word;

    Counter(String word) {
      this.word = word;
    }
  }

  /** The guest's exits alone. */
  public static final RunClock EXIT = new RunClock(false, Counter.NONE, false);

  private static final String EXIT_WORD = "exit";
  private static final String WINDOW_WORD = "window";
  private static final String TRANSFER_WORD = "transfer";

  /** Refuses a count beside windows: nobody has a host with both on which to try it. */
  public RunClock {
    Objects.requireNonNull(counter, "counter");
    if (windows && counter != Counter.NONE) {
      throw new IllegalArgumentException(
          "a clock cannot have both interrupt windows and a count of instructions");
    }
  }

  /**
   * All that this host offers, found out by trying; never {@link Counter#STEPS}, which is for those
   * who ask for it.
   */
  public static RunClock bestOf(Kvm kvm) {
    boolean windows = HostProbe.hasExactInterruptWindow(kvm);
    boolean counts = !windows && HostProbe.hasExactInstructionCount(kvm);
    return new RunClock(windows, counts ? Counter.INSTRUCTIONS : Counter.NONE, true);
  }

  /** What a run needs of this host that nobody records: no place has to be found again. */
  public static RunClock unrecorded(Kvm kvm) {
    return new RunClock(HostProbe.hasExactInterruptWindow(kvm), Counter.NONE, false);
  }

  /**
   * The clock of a name as {@link #name} gives it.
   *
   * @throws IllegalArgumentException if it is none
   */
  public static RunClock parse(String name) {
    List<String> words = Arrays.asList(name.split("\\+", -1));
    boolean windows = words.contains(WINDOW_WORD);
    Counter counter = Counter.NONE;
    for (Counter one : Counter.values()) {
      if (one != Counter.NONE && words.contains(one.word)) {
        counter = one;
      }
    }
    RunClock parsed = new RunClock(windows, counter, words.contains(TRANSFER_WORD));
    if (!parsed.name().equals(name)) {
      throw new IllegalArgumentException(
          "no logical clock has this name: "
              + name
              + "; a name is 'exit', then '+window', '+instructions' or '+steps' or none of them,"
              + " then '+transfer' or not");
    }
    return parsed;
  }

  /** The name in the run header, for example {@code exit+instructions+transfer}. */
  public String name() {
    List<String> words = new ArrayList<>(List.of(EXIT_WORD));
    if (windows) {
      words.add(WINDOW_WORD);
    }
    if (counter != Counter.NONE) {
      words.add(counter.word);
    }
    if (transfers) {
      words.add(TRANSFER_WORD);
    }
    return String.join("+", words);
  }

  /** Whether a number of instructions can name a place between two exits. */
  public boolean counts() {
    return counter != Counter.NONE;
  }

  /** Whether a guest can be stopped between two of its exits at all. */
  public boolean preempts() {
    return transfers || counts();
  }

  /**
   * Whether this host can run a machine by this clock, found out by trying.
   *
   * @throws RunRefusedException if not; says what the host offers instead
   */
  public void requireOn(Kvm kvm) {
    boolean missing =
        (windows && !HostProbe.hasExactInterruptWindow(kvm))
            || (counter == Counter.INSTRUCTIONS && !HostProbe.hasExactInstructionCount(kvm))
            || (counter == Counter.STEPS && !HostProbe.hasExactSteps(kvm));
    if (missing) {
      throw new RunRefusedException(
          "this host cannot repeat the run: clock expected="
              + name()
              + " actual="
              + bestOf(kvm).name()
              + "; 'understudy probe' shows what this host does");
    }
  }

  @Override
  public String toString() {
    return name();
  }
}
