package io.understudy.failover.front;

/** Why a link that was up ended. */
public enum LinkLoss {
  /** The host closed or reset the connection: the process ended, or closed it. */
  CLOSED,
  /** Nothing was heard for the silence timeout. */
  SILENT,
  /** The node said goodbye. */
  GOODBYE,
  /** The node broke the protocol, or is not a node of this run. */
  PROTOCOL,
  /** A newer term exists. */
  SUPERSEDED,
  /** The coordinator took the node off the list. */
  REMOVED
}
