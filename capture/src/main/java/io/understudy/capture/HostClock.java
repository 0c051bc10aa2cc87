package io.understudy.capture;

/** The host's clocks; a port, so that tests decide what time it is. */
public interface HostClock {
  /** The real clocks of this host. */
  HostClock SYSTEM =
      new HostClock() {
        @Override
        public long nanoTime() {
          return System.nanoTime();
        }

        @Override
        public long epochMillis() {
          return System.currentTimeMillis();
        }
      };

  /** Monotonic, nanoseconds from an arbitrary origin. */
  long nanoTime();

  /** Wall clock, milliseconds since 1970-01-01 UTC. */
  long epochMillis();
}
