/**
 * One fixed workload of the ledger guest on a whole machine, in four modes: bare, recorded to
 * Kafka, replayed from there, and the recorded execution repeated with nothing around it.
 */
package io.understudy.benchmarks.machine;
