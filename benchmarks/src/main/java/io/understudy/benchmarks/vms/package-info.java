/**
 * What it costs to protect one or more VMs with one node process on each side and one coordinator:
 * processor time, memory, log and latency of whole processes, idle and under a paced load.
 */
package io.understudy.benchmarks.vms;
