package io.understudy.benchmarks.vms;

import java.util.Locale;

/** What a measured process is there for. */
enum Part {
  /** Guests without anything, a process for each. */
  GUESTS,
  /** The node that leads all VMs. */
  LEADER,
  /** The node that follows all VMs. */
  STANDBY,
  /** The coordinator, with a front for each VM. */
  COORDINATOR,
  /** The Kafka broker. */
  BROKER;

  /** Name in reports. */
  String key() {
    return name().toLowerCase(Locale.ROOT);
  }
}
