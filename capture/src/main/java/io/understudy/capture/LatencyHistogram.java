package io.understudy.capture;

import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.LongConsumer;

/**
 * Counts of latencies in buckets that grow by a quarter of a power of two, so that a quantile is
 * off by less than 25 %. Values in microseconds. Safe for any thread.
 */
public final class LatencyHistogram {
  private static final int SUB_BUCKETS = 4;
  private final AtomicLongArray counts = new AtomicLongArray(SUB_BUCKETS * Long.SIZE);

  private volatile LongConsumer listener = ignored -> {};

  void record(long micros) {
    counts.incrementAndGet(bucket(Math.max(0, micros)));
    listener.accept(micros);
  }

  /**
   * Names who is told each value, in microseconds, from now on, on the thread that records it; it
   * must be quick and must not fail.
   */
  public void tell(LongConsumer listener) {
    this.listener = listener;
  }

  private static int bucket(long micros) {
    if (micros < SUB_BUCKETS) {
      return (int) micros;
    }
    int power = Long.SIZE - 1 - Long.numberOfLeadingZeros(micros);
    int quarter = (int) (micros >>> (power - 2)) & (SUB_BUCKETS - 1);
    return SUB_BUCKETS * (power - 1) + quarter;
  }

  private static long upperBound(int bucket) {
    if (bucket < SUB_BUCKETS) {
      return bucket;
    }
    int power = bucket / SUB_BUCKETS + 1;
    long quarter = bucket % SUB_BUCKETS;
    return (1L << power) + ((quarter + 1) << (power - 2)) - 1;
  }

  /** How many were recorded. */
  public long count() {
    long sum = 0;
    for (int bucket = 0; bucket < counts.length(); bucket++) {
      sum += counts.get(bucket);
    }
    return sum;
  }

  /**
   * An upper bound, in microseconds, of the given part of all values; 0 if there are none.
   *
   * @param part in (0, 1], for example 0.99
   */
  public long quantile(double part) {
    long wanted = (long) Math.ceil(count() * part);
    long seen = 0;
    for (int bucket = 0; bucket < counts.length() && wanted > 0; bucket++) {
      seen += counts.get(bucket);
      if (seen >= wanted) {
        return upperBound(bucket);
      }
    }
    return 0;
  }
}
