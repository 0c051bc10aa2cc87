package io.understudy.benchmarks.vms;

import java.time.Duration;

/**
 * How each trial goes.
 *
 * @param warmUp how long clients are at work before anything is measured
 * @param measured how long each phase is measured
 * @param requestsPerSecond of each client
 */
record Plan(Duration warmUp, Duration measured, int requestsPerSecond) {}
