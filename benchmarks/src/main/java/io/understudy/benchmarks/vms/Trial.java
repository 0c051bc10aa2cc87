package io.understudy.benchmarks.vms;

import io.understudy.cli.demo.RespClient;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * One measurement of one deployment.
 *
 * @param idle while clients were connected and silent
 * @param load while each VM's client was at work
 * @param lagging VMs whose leader said at the end of a phase that the standby was not close enough,
 *     both phases together
 */
record Trial(Phase idle, Phase load, int lagging) {
  /** Between phases, for what the one leaves behind to be done before the other. */
  private static final Duration SETTLE = Duration.ofSeconds(1);

  /** For the last answers of a load that a busy host is behind with. */
  private static final Duration LAST_ANSWERS = Duration.ofSeconds(60);

  /** Measures {@code deployment}, which has just been started. */
  static Trial measure(Deployment deployment, int vms, Plan plan)
      throws IOException, InterruptedException {
    List<RespClient> connections = deployment.connect();
    try {
      try (Load load = Load.start(connections, plan.requestsPerSecond())) {
        load.run(plan.warmUp());
        load.finish(System.nanoTime(), LAST_ANSWERS);
      }
      sleep(SETTLE);
      Meter idleMeter = new Meter(deployment, vms);
      sleep(plan.measured());
      Phase idle = idleMeter.end().idle();
      int lagging = deployment.requireSound();

      try (Load load = Load.start(connections, plan.requestsPerSecond())) {
        load.run(SETTLE);
        Meter loadMeter = new Meter(deployment, vms);
        load.run(plan.measured());
        Meter.Measured measured = loadMeter.end();
        Phase phase = measured.load(load.finish(measured.endNanos(), LAST_ANSWERS));
        return new Trial(idle, phase, lagging + deployment.requireSound());
      }
    } finally {
      connections.forEach(RespClient::close);
    }
  }

  /** Half of the requests were answered within. */
  double p50Millis() {
    return latencies().p50Millis();
  }

  /** 99 of 100 requests were answered within. */
  double p99Millis() {
    return latencies().p99Millis();
  }

  /** Requests that were due while the load was measured. */
  double requests() {
    return latencies().requests();
  }

  /** Answers that came in each second while the load was measured. */
  double answeredPerSecond() {
    return latencies().answeredPerSecond();
  }

  private Latencies latencies() {
    return load.latencies().orElseThrow();
  }

  private static void sleep(Duration time) throws InterruptedException {
    TimeUnit.NANOSECONDS.sleep(time.toNanos());
  }
}
