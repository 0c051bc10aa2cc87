/**
 * What an operator orders: who leads a run, whether it runs, and who keeps standbys of it. Orders
 * go to the control topic; what comes of them is seen in the heartbeats and the directory, so no
 * node has to be asked, and none has to be reachable.
 */
package io.understudy.failover.operator;
