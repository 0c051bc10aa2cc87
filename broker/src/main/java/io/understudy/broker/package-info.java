/**
 * A Kafka broker without a Kafka installation: one node that is broker and controller at once.
 *
 * <p>It must never run in the JVM of a primary that is meant to be fault tolerant, because killing
 * the primary would kill the log. It knows no other module.
 */
package io.understudy.broker;
