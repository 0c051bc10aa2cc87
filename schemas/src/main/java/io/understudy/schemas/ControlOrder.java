package io.understudy.schemas;

import static java.util.Objects.requireNonNull;

import java.util.UUID;

/**
 * An order of a coordinator or an operator. Orders are hints: a wrong or late one costs
 * availability, never correctness, because only the fence decides who writes. Immutable.
 */
public sealed interface ControlOrder {

  /** Id of the virtual machine the order is about, see {@link VmId}. */
  String vm();

  /** The run the order is about. */
  UUID run();

  /** Hands this order to the method of {@code handler} made for its type. */
  void applyTo(Handler handler);

  /** No method has a default body: a new order must break every handler at compile time. */
  interface Handler {
    /** A standby shall take over. */
    void onPromotionOrdered(PromotionOrdered order);
  }

  /**
   * A standby shall fence the leader of a term and lead the next one.
   *
   * @param vm id of the virtual machine
   * @param run the run
   * @param fromTerm the term that shall end, from 1; the order is void when the log is past it
   * @param toNode name of the node that shall lead
   * @param orderId identity of the order
   * @param reason why, for people
   * @param orderedBy name of a coordinator or operator
   * @param orderedAtMillis wall clock of the order, milliseconds since 1970-01-01T00:00Z
   */
  record PromotionOrdered(
      String vm,
      UUID run,
      long fromTerm,
      String toNode,
      UUID orderId,
      String reason,
      String orderedBy,
      long orderedAtMillis)
      implements ControlOrder {
    /** Refuses values outside the documented ranges with an {@link IllegalArgumentException}. */
    public PromotionOrdered {
      VmId.requireLegal(vm);
      requireNonNull(run, "run");
      Checks.atLeast(1, "fromTerm", fromTerm);
      Checks.notBlank("toNode", toNode);
      requireNonNull(orderId, "orderId");
      requireNonNull(reason, "reason");
      requireNonNull(orderedBy, "orderedBy");
    }

    @Override
    public void applyTo(Handler handler) {
      handler.onPromotionOrdered(this);
    }
  }
}
