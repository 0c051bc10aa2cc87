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

  /** Identity of the order. */
  UUID orderId();

  /** Why, for people. */
  String reason();

  /** Name of a coordinator, a node or an operator. */
  String orderedBy();

  /** Wall clock of the order, milliseconds since 1970-01-01T00:00Z. */
  long orderedAtMillis();

  /** What is compacted to the newest: orders of one key replace each other. */
  String key();

  /** Hands this order to the method of {@code handler} made for its type. */
  void applyTo(Handler handler);

  /** No method has a default body: a new order must break every handler at compile time. */
  interface Handler {
    /** A standby shall take over. */
    void onPromotionOrdered(PromotionOrdered order);

    /** A run shall run, stand still or end. */
    void onLifeOrdered(LifeOrdered order);

    /** A node shall keep a standby, or not. */
    void onStandbyOrdered(StandbyOrdered order);

    /** The primary shall publish a snapshot. */
    void onSnapshotOrdered(SnapshotOrdered order);
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
    public String key() {
      return vm;
    }

    @Override
    public void applyTo(Handler handler) {
      handler.onPromotionOrdered(this);
    }
  }

  /**
   * How a run shall live from now on, whoever leads it.
   *
   * @param vm id of the virtual machine
   * @param run the run
   * @param life what is ordered
   * @param orderId identity of the order
   * @param reason why, for people
   * @param orderedBy name of a coordinator, a node or an operator
   * @param orderedAtMillis wall clock of the order, milliseconds since 1970-01-01T00:00Z
   */
  record LifeOrdered(
      String vm,
      UUID run,
      Life life,
      UUID orderId,
      String reason,
      String orderedBy,
      long orderedAtMillis)
      implements ControlOrder {
    /** Refuses values outside the documented ranges with an {@link IllegalArgumentException}. */
    public LifeOrdered {
      VmId.requireLegal(vm);
      requireNonNull(run, "run");
      requireNonNull(life, "life");
      requireNonNull(orderId, "orderId");
      requireNonNull(reason, "reason");
      requireNonNull(orderedBy, "orderedBy");
    }

    @Override
    public String key() {
      return key(vm);
    }

    /** The key of such orders for {@code vm}. */
    public static String key(String vm) {
      return Topics.controlKey(vm, "life");
    }

    @Override
    public void applyTo(Handler handler) {
      handler.onLifeOrdered(this);
    }
  }

  /** How a run may be told to live. */
  enum Life {
    /** The guest runs. */
    RUN,
    /** The guest stands still, protected, and its time with it. */
    PAUSE,
    /** The run ends for good. */
    STOP
  }

  /**
   * A node shall, or shall not, keep a standby of a run.
   *
   * @param vm id of the virtual machine
   * @param run the run
   * @param node name of the node
   * @param attached whether it shall follow the run
   * @param orderId identity of the order
   * @param reason why, for people
   * @param orderedBy name of a coordinator, a node or an operator
   * @param orderedAtMillis wall clock of the order, milliseconds since 1970-01-01T00:00Z
   */
  record StandbyOrdered(
      String vm,
      UUID run,
      String node,
      boolean attached,
      UUID orderId,
      String reason,
      String orderedBy,
      long orderedAtMillis)
      implements ControlOrder {
    /** Refuses values outside the documented ranges with an {@link IllegalArgumentException}. */
    public StandbyOrdered {
      VmId.requireLegal(vm);
      requireNonNull(run, "run");
      Checks.notBlank("node", node);
      requireNonNull(orderId, "orderId");
      requireNonNull(reason, "reason");
      requireNonNull(orderedBy, "orderedBy");
    }

    @Override
    public String key() {
      return key(vm, node);
    }

    /** The key of such orders for {@code vm} and {@code node}. */
    public static String key(String vm, String node) {
      return Topics.controlKey(vm, "standby/" + node);
    }

    @Override
    public void applyTo(Handler handler) {
      handler.onStandbyOrdered(this);
    }
  }

  /**
   * The primary shall publish a snapshot of its machine, taken while it runs.
   *
   * @param vm id of the virtual machine
   * @param run the run
   * @param sinceEpoch epoch of a checkpoint that the asker has and whose unchanged pages may be
   *     left out, -1 for a complete snapshot
   * @param orderId identity of the order
   * @param reason why, for people
   * @param orderedBy name of a coordinator, a node or an operator
   * @param orderedAtMillis wall clock of the order, milliseconds since 1970-01-01T00:00Z
   */
  record SnapshotOrdered(
      String vm,
      UUID run,
      long sinceEpoch,
      UUID orderId,
      String reason,
      String orderedBy,
      long orderedAtMillis)
      implements ControlOrder {
    /** Refuses values outside the documented ranges with an {@link IllegalArgumentException}. */
    public SnapshotOrdered {
      VmId.requireLegal(vm);
      requireNonNull(run, "run");
      Checks.atLeast(-1, "sinceEpoch", sinceEpoch);
      requireNonNull(orderId, "orderId");
      requireNonNull(reason, "reason");
      requireNonNull(orderedBy, "orderedBy");
    }

    @Override
    public String key() {
      return Topics.controlKey(vm, "snapshot/" + orderedBy);
    }

    @Override
    public void applyTo(Handler handler) {
      handler.onSnapshotOrdered(this);
    }
  }
}
