/**
 * Faults, in the manner of Jepsen: whole processes under a workload, a nemesis that breaks things
 * by a seeded schedule, a history of what clients saw, and a checker that judges it together with
 * the log. Started by {@code system-tests/faults}; see docs/testing.md.
 *
 * <p>Each class says which thread owns it. Nothing here is part of the product.
 */
package io.understudy.systemtests.faults;
