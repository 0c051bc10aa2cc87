package io.understudy.failover.coordinator;

import io.understudy.failover.front.Endpoint;
import io.understudy.failover.front.FrontListener;
import io.understudy.failover.front.FrontStatistics;
import io.understudy.schemas.VmId;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * A front of one run as its coordinator uses it; a port, so that a simulation can replace the
 * network.
 */
public interface VmFront extends AutoCloseable {
  /** Opens fronts. */
  interface Factory {
    /** No fronts at all. */
    Factory NONE = (vm, run, listener) -> Optional.empty();

    /**
     * Opens the front of a run, if this VM is to have one; the caller closes it. The listener may
     * be called from any thread, before this method returns too.
     *
     * @throws java.io.UncheckedIOException if it cannot listen now
     */
    Optional<VmFront> open(VmId vm, UUID run, FrontListener listener);
  }

  /** Where the run's living nodes listen; replaces what was given before. */
  void nodes(Set<Endpoint> nodes);

  /** Where clients connect. */
  InetSocketAddress address();

  /** The front's own figures. */
  FrontStatistics statistics();

  @Override
  void close();
}
