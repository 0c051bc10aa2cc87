package io.understudy.benchmarks.vms;

/**
 * What a part took in a phase.
 *
 * @param cpuPercent processor time, percent of one processor
 * @param rssMib resident memory at the end of the phase, MiB
 * @param peakMib the most it was since the start of the process, MiB
 */
record Cost(double cpuPercent, double rssMib, double peakMib) {}
