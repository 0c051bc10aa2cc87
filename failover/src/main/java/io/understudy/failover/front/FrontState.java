package io.understudy.failover.front;

/** What a front is doing. */
public enum FrontState {
  /** No node is attached; input of clients is held. */
  DETACHED,
  /** Serving from a node. */
  ATTACHED,
  /** A node contradicted what the front knows; everything is closed. Terminal. */
  BROKEN,
  /** Closed by its owner. Terminal. */
  CLOSED,
  /** Cannot listen, or ended by a fault of its own; its coordinator tries again. */
  FAILED
}
