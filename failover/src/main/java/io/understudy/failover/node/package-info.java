/**
 * The node: one process that runs one VM, as primary or as standby, and turns from the second into
 * the first when it is ordered to. The log's fence makes a wrong order harmless.
 */
package io.understudy.failover.node;
