package io.understudy.failover.operator;

import java.time.Duration;

/**
 * What all orders have in common.
 *
 * @param by who gives it
 * @param reason why, for people
 * @param timeout how long to wait for its effect
 */
public record Order(String by, String reason, Duration timeout) {}
