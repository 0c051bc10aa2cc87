package io.understudy.systemtests.faults;

/** What is done to a VM while clients use it; made for one run, and owned by its thread. */
interface Assault {
  /**
   * Does everything, and returns when it is undone, or when something in the diary is not as it
   * must be.
   *
   * @param workload the clients
   */
  void run(Workload workload) throws InterruptedException;

  /** The processes and everything around them that can be broken, and where it is written down. */
  record Scene(
      Schedule schedule,
      String vm,
      VmProcesses processes,
      Brokers brokers,
      BeatLog beats,
      Diary diary) {
    /** The one for the schedule. */
    Assault assault() {
      return switch (schedule.main()) {
        case NODE_CHAIN -> new NodeChain(this);
        case CLONE_CRASH -> new CloneCrash(this);
        case FLIPPED_MEMORY -> new FlippedMemory(this);
        case FULL_STORE -> new FullStore(this);
        default -> new Nemesis(this);
      };
    }
  }
}
