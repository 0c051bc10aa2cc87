package io.understudy.benchmarks.vms;

/**
 * One answered request.
 *
 * @param dueNanos when it was to be sent, {@link System#nanoTime}
 * @param answeredNanos when its answer was there
 * @param latencyNanos how long a client waited for it
 */
record Answer(long dueNanos, long answeredNanos, long latencyNanos) {}
