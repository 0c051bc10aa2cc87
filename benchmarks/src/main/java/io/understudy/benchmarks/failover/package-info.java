/** How long the phases of a failover take, over several failovers of whole processes. */
package io.understudy.benchmarks.failover;
