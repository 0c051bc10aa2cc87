package io.understudy.benchmarks.machine;

/**
 * One run of the workload in one mode.
 *
 * @param wallNanos from the warm-up's last reply to the last one
 * @param cpuNanos processor time of this JVM in between, all threads; the broker's is not in it
 * @param exits deterministic exits of the whole run
 */
record Measured(long wallNanos, long cpuNanos, long exits) {}
