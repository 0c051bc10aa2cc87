package io.understudy.failover.front;

import io.understudy.failover.coordinator.VmFront;
import io.understudy.schemas.VmId;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * A {@link Front} as the coordinator uses it.
 *
 * <p>Adds nothing but the types; see {@link Front} for threads and errors.
 */
public final class FrontVm implements VmFront {
  private final Front front;

  private FrontVm(Front front) {
    this.front = front;
  }

  /**
   * Where and how clients of one VM connect.
   *
   * @param listen the clients' port, the same for every run of the VM; port 0 takes a free one
   * @param mode how clients share the console; must be the run's
   */
  public record Service(InetSocketAddress listen, ConsoleMode mode) {
    public Service {
      Objects.requireNonNull(listen, "listen");
      Objects.requireNonNull(mode, "mode");
    }
  }

  /**
   * Opens and starts a front for each VM in {@code services} and none for others.
   *
   * <p>The factory's {@code open} throws {@link java.io.UncheckedIOException} if the port cannot be
   * bound.
   */
  public static VmFront.Factory factory(Map<VmId, Service> services) {
    return factory(services, Optional.empty());
  }

  /** The same; with {@code tls} clients have to speak it. */
  public static VmFront.Factory factory(Map<VmId, Service> services, Optional<FrontTls> tls) {
    Map<VmId, Service> configured = Map.copyOf(services);
    return (vm, run, listener) -> {
      Service service = configured.get(vm);
      if (service == null) {
        return Optional.empty();
      }
      Front front =
          Front.open(
              FrontSettings.of(vm.text(), run, service.mode(), service.listen()).with(tls),
              listener);
      front.start();
      return Optional.of(new FrontVm(front));
    };
  }

  @Override
  public void nodes(Set<Endpoint> nodes) {
    front.nodes(nodes);
  }

  @Override
  public InetSocketAddress address() {
    return front.address();
  }

  @Override
  public FrontStatistics statistics() {
    return front.statistics();
  }

  @Override
  public void close() {
    front.close();
  }
}
