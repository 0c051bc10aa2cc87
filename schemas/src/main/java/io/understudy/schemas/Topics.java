package io.understudy.schemas;

/**
 * Names of all topics and of the transactional id, and which partition an epoch belongs to.
 *
 * <p>Names go from broad to narrow with the version last, so that a prefixed Kafka ACL on {@code
 * understudy.<vm>.} (with the last dot) covers exactly one virtual machine.
 */
public final class Topics {
  /** Directory of virtual machines, compacted, key = VM id. */
  public static final String VMS = "understudy.vms.v1";

  /** Orders, compacted, key = VM id for promotions and {@link ControlOrder#key} for the others. */
  public static final String CONTROL = "understudy.control.v1";

  /** Heartbeats, compacted, key = {@link #heartbeatKey}. */
  public static final String HEARTBEATS = "understudy.heartbeats.v1";

  /** Every schema ever written with, compacted, key = fingerprint in hexadecimal. */
  public static final String SCHEMAS = "understudy.schemas.v1";

  /**
   * Header of an event record: the event's {@link GuestEvent#typeName()}, UTF-8 text. Records of
   * snapshots have it too, with {@link SnapshotPart#typeName()}.
   */
  public static final String HEADER_TYPE = "type";

  /** Header of an event record: the term as decimal text. */
  public static final String HEADER_TERM = "term";

  /** Header of an event record: the epoch as decimal text. */
  public static final String HEADER_EPOCH = "epoch";

  private Topics() {}

  /** The event log of a virtual machine. */
  public static String events(VmId vm) {
    return "understudy." + vm.text() + ".events.v1";
  }

  /** Machine snapshots of a virtual machine. */
  public static String snapshots(VmId vm) {
    return "understudy." + vm.text() + ".snapshots.v1";
  }

  /** What a virtual machine said, for audit. */
  public static String outputs(VmId vm) {
    return "understudy." + vm.text() + ".outputs.v1";
  }

  /** The one transactional id under which a virtual machine's log may be written. */
  public static String transactionalId(VmId vm) {
    return "understudy." + vm.text();
  }

  /** Key of an order that is no promotion: orders of one subject replace each other. */
  static String controlKey(String vm, String subject) {
    return vm + "/" + subject;
  }

  /** Key of a node's heartbeat. */
  public static String heartbeatKey(String vm, String node) {
    return vm + "/" + node;
  }

  /** Partition of all records of {@code epoch}: epochs are striped over the partitions. */
  public static int partitionOf(long epoch, int partitions) {
    return Math.toIntExact(Math.floorMod(epoch, (long) partitions));
  }
}
