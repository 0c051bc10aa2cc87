package io.understudy.failover.monitor;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;

/**
 * Meters that appear and vanish together, with tags in common. All but timers are read from a
 * supplier at the moment when somebody asks.
 *
 * <p>Owned by one thread; what it registers is read by any.
 */
public final class MeterSet implements AutoCloseable {
  /** What a commit, or anything else that is waited for, may take. */
  private static final Duration[] BOUNDS = {
    Duration.ofMillis(1),
    Duration.ofMillis(2),
    Duration.ofMillis(5),
    Duration.ofMillis(10),
    Duration.ofMillis(20),
    Duration.ofMillis(50),
    Duration.ofMillis(100),
    Duration.ofMillis(200),
    Duration.ofMillis(500),
    Duration.ofSeconds(1),
    Duration.ofSeconds(5),
    Duration.ofSeconds(30)
  };

  private final MeterRegistry registry;
  private final Tags common;
  private final List<Meter> registered = new ArrayList<>();

  /** Held here: the registry itself does not keep what function meters read. */
  private final List<Object> sources = new ArrayList<>();

  /** A set with nothing in it. */
  public MeterSet(Monitor monitor, Tags common) {
    this.registry = monitor.registry();
    this.common = common;
  }

  /**
   * A value that goes up and down; NaN while there is none.
   *
   * @param name with dots, its unit last, as {@code understudy.lag.seconds}
   * @param help one sentence
   * @param tags names and values by turns
   */
  public MeterSet gauge(String name, String help, DoubleSupplier value, String... tags) {
    registered.add(
        Gauge.builder(name, value, DoubleSupplier::getAsDouble)
            .description(help)
            .tags(common.and(tags))
            .strongReference(true)
            .register(registry));
    return this;
  }

  /** A count that only grows. */
  public MeterSet counter(String name, String help, LongSupplier value, String... tags) {
    sources.add(value);
    registered.add(
        FunctionCounter.builder(name, value, LongSupplier::getAsLong)
            .description(help)
            .tags(common.and(tags))
            .register(registry));
    return this;
  }

  /** How often something happened and how long all of it took, nanoseconds. */
  public MeterSet times(String name, String help, LongSupplier count, LongSupplier nanos) {
    sources.add(count);
    registered.add(
        FunctionTimer.builder(
                name,
                count,
                LongSupplier::getAsLong,
                ignored -> nanos.getAsLong(),
                TimeUnit.NANOSECONDS)
            .description(help)
            .tags(common)
            .register(registry));
    return this;
  }

  /** A histogram of durations, to be told each. */
  public Timer histogram(String name, String help) {
    Timer timer =
        Timer.builder(name)
            .description(help)
            .tags(common)
            .serviceLevelObjectives(BOUNDS)
            .register(registry);
    registered.add(timer);
    return timer;
  }

  /** Removes them all. */
  @Override
  public void close() {
    registered.forEach(registry::remove);
    registered.clear();
    sources.clear();
  }
}
