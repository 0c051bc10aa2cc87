/**
 * What a process lets others see of it: meters in Prometheus's text format, and whether it is ready
 * for its work, over HTTP.
 *
 * <p>Whoever has something to show registers it with the process's one {@link
 * io.understudy.failover.monitor.Monitor}, as a {@link io.understudy.failover.monitor.MeterSet}
 * that goes away with what it shows. Values are read when somebody asks, on a thread of the
 * endpoint; nothing that is measured waits for that.
 */
package io.understudy.failover.monitor;
