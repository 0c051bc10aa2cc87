package io.understudy.machine;

/** Faults of a host that tests make. Stateless. */
public final class FaultyHost {
  private FaultyHost() {}

  /** Changes a bit of a page of guest memory, between two runs of the guest. */
  public static void corrupt(Machine machine, int page) {
    machine.corrupt(page);
  }
}
