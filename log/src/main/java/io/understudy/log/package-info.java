/**
 * The event log on Kafka: one transaction per epoch, written by at most one leader, read back in
 * total order and proven complete.
 *
 * <p>Ports: {@link io.understudy.log.EpochLog} to write, {@link io.understudy.log.EpochSource} to
 * read. Adapters: {@link io.understudy.log.KafkaEpochWriter}, {@link
 * io.understudy.log.EpochReader}. This package knows nothing of machines.
 */
package io.understudy.log;
