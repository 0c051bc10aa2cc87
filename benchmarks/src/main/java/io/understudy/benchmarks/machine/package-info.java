/**
 * One fixed workload of the ledger guest on a whole machine, three times: bare, recorded to Kafka,
 * and replayed from there.
 */
package io.understudy.benchmarks.machine;
