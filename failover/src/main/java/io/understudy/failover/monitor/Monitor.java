package io.understudy.failover.monitor;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;

/**
 * All that one process shows of itself. A process has one, however many VMs it runs.
 *
 * <p>Safe for any thread.
 */
public final class Monitor implements AutoCloseable {
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final Map<String, Supplier<Readiness>> checks = new ConcurrentSkipListMap<>();
  private final List<Runnable> refreshes = new CopyOnWriteArrayList<>();
  private final List<HttpEndpoint> endpoints = new CopyOnWriteArrayList<>();

  /** A monitor that shows the process's memory, threads and uptime. */
  public Monitor() {
    new JvmMemoryMetrics().bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    new UptimeMetrics().bindTo(registry);
  }

  /**
   * Shows it over HTTP until it is closed.
   *
   * @param listen where; port 0 takes a free one
   * @throws java.io.UncheckedIOException if the address cannot be listened on
   */
  public HttpEndpoint serve(InetSocketAddress listen) {
    HttpEndpoint endpoint = HttpEndpoint.open(listen, this);
    endpoints.add(endpoint);
    return endpoint;
  }

  /** Where meters are registered. */
  public MeterRegistry registry() {
    return registry;
  }

  /**
   * Asks {@code check} from now on whether the process is ready.
   *
   * @param name of what is checked; another check of the same name is replaced
   */
  public void check(String name, Supplier<Readiness> check) {
    checks.put(name, check);
  }

  /** Does not ask any more. */
  public void forget(String name) {
    checks.remove(name);
  }

  /** Calls {@code refresh} before meters are read, for those that come and go by themselves. */
  public void beforeReading(Runnable refresh) {
    refreshes.add(refresh);
  }

  /** All meters in Prometheus's text format. */
  public String scrape() {
    refreshes.forEach(Runnable::run);
    return registry.scrape();
  }

  /**
   * What every check says now, by name; a process is ready when all of it is, and it is not none.
   */
  public SortedMap<String, Readiness> readiness() {
    SortedMap<String, Readiness> answers = new TreeMap<>();
    checks.forEach((name, check) -> answers.put(name, check.get()));
    return answers;
  }

  @Override
  public void close() {
    endpoints.forEach(HttpEndpoint::close);
    registry.close();
  }
}
