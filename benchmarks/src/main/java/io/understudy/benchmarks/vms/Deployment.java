package io.understudy.benchmarks.vms;

import io.understudy.cli.demo.RespClient;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/** Processes that serve a number of ledger guests. Owned by one thread. */
interface Deployment extends AutoCloseable {
  /** Memory of each guest, MiB. */
  int MEMORY_MIB = 16;

  /** Process ids of each part. */
  Map<Part, List<Long>> processes();

  /** A new connection to each guest. Whoever takes them closes them. */
  List<RespClient> connect() throws IOException;

  /** What the logs of all VMs take on the broker's disk now, bytes; empty if nothing is logged. */
  OptionalLong logBytes();

  /**
   * Checks that everything is as it was started.
   *
   * @return how many VMs are protected less than they should be: their standby is too slow
   * @throws IllegalStateException if anything was measured that should not be: a VM changed its
   *     leader, or a standby is wrong or away
   */
  int requireSound();

  @Override
  void close() throws IOException;
}
