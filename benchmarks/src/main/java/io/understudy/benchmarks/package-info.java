/**
 * Measures how fast Understudy is. Nothing here is part of the product, and nothing asserts a time:
 * figures depend on the host and on what else it does.
 *
 * <p>{@link io.understudy.benchmarks.Main} is the one way in; {@code benchmarks/run} starts it.
 * Four kinds of measurement, each a command: whole machines side by side ({@code machine}), hot
 * paths under JMH ({@code micro}), failovers of whole processes ({@code failover}), guests that
 * compute ({@code compute}).
 */
package io.understudy.benchmarks;
