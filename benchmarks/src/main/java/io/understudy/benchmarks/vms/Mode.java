package io.understudy.benchmarks.vms;

import io.understudy.benchmarks.WorkDirectory;
import java.io.IOException;
import java.util.List;
import java.util.Locale;

/** How the guests run. The order is that of reports. */
enum Mode {
  /** {@code understudy run}: no log, no front, a process for each guest. */
  BARE,
  /** A node leads all VMs, and nobody follows: logged, and not protected. */
  RECORDED,
  /** The same, and another node follows them all. */
  PROTECTED;

  /** What runs, in the order of reports. */
  List<Part> parts() {
    return switch (this) {
      case BARE -> List.of(Part.GUESTS);
      case RECORDED -> List.of(Part.LEADER, Part.COORDINATOR, Part.BROKER);
      case PROTECTED -> List.of(Part.LEADER, Part.STANDBY, Part.COORDINATOR, Part.BROKER);
    };
  }

  /** Whether guests are recorded at all. */
  boolean isLogged() {
    return this != BARE;
  }

  /** Name in reports. */
  String key() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Starts so many guests and waits until all are as they shall be. */
  Deployment start(int vms, WorkDirectory directory) throws IOException {
    return this == BARE
        ? BareGuests.start(vms, directory)
        : NodeCluster.start(vms, this == PROTECTED, directory);
  }
}
