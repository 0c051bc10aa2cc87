/**
 * Guests that compute while interrupts come: recorded, replayed and compared, over and over. What
 * the places between exits cost, and whether every one is found again.
 */
package io.understudy.benchmarks.compute;
