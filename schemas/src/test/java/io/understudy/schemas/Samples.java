package io.understudy.schemas;

import io.understudy.schemas.avro.DeviceState;
import io.understudy.schemas.avro.MachineState;
import io.understudy.schemas.avro.Msr;
import io.understudy.schemas.avro.VcpuState;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;

/** One fixed value of every record type; the golden bytes are made of these. */
final class Samples {
  static final UUID RUN = UUID.fromString("7f3a1b2c-0000-4000-8000-0123456789ab");
  static final UUID OTHER = UUID.fromString("00000000-0000-4000-8000-000000000001");

  private Samples() {}

  static byte[] hash(int first) {
    byte[] hash = new byte[HashChain.HASH_BYTES];
    for (int index = 0; index < hash.length; index++) {
      hash[index] = (byte) (first + index);
    }
    return hash;
  }

  /** Every event type of version 1, by the name of its golden file. */
  static Map<String, EventRecord> eventsOfVersion1() {
    return named(
        runStarted(Attachments.NONE),
        new GuestEvent.TermStarted("node-b", "primary is silent", 1),
        new GuestEvent.ClockAdvanced(123_456_789_012L),
        new GuestEvent.ConsoleInput(new byte[] {0, 13, (byte) 0xff}),
        new GuestEvent.RunEnded("guest powered off"),
        mark(0, 0));
  }

  /** Every event type, by the name of its golden file. */
  static Map<String, EventRecord> events() {
    return named(
        runStarted(
            new Attachments(
                Attachments.LINUX,
                HexFormat.of().formatHex(hash(3)),
                new Attachments.Disk("root.img", 64L << 20, HexFormat.of().formatHex(hash(5))),
                "52:54:00:12:34:56",
                Attachments.VIRTIO)),
        new GuestEvent.TermStarted("node-b", "primary is silent", 1),
        new GuestEvent.ClockAdvanced(123_456_789_012L),
        new GuestEvent.ConsoleInput(new byte[] {0, 13, (byte) 0xff}),
        new GuestEvent.FrameReceived(hash(11)),
        new GuestEvent.TimeRead(123_456_789_013L),
        new GuestEvent.Preempted(98_765),
        new GuestEvent.StateTransferred(1, 3, hash(13)),
        new GuestEvent.RunEnded("guest powered off"),
        mark(12, 11));
  }

  private static GuestEvent runStarted(Attachments attachments) {
    return new GuestEvent.RunStarted(
        4,
        64L << 20,
        "ledger",
        hash(1),
        "console=ttyS0",
        "plain",
        "exit",
        "stream",
        1_700_000_000_000L,
        -42,
        2,
        1,
        new TreeMap<>(Map.of("kernel", "6.1.0", "cpu", "Vendor Model")),
        "node-a",
        attachments);
  }

  private static GuestEvent mark(long framesSent, long framesReleased) {
    return new GuestEvent.EpochCommitted(
        3,
        18_442,
        -1,
        2,
        Long.MIN_VALUE,
        10,
        30,
        20,
        99,
        hash(7),
        hash(9),
        framesSent,
        framesReleased);
  }

  private static Map<String, EventRecord> named(GuestEvent... all) {
    Map<String, EventRecord> events = new LinkedHashMap<>();
    for (GuestEvent event : all) {
      events.put(
          "Event-" + event.typeName(),
          new EventRecord(
              "ledger-1", RUN, 2, 991, 18_445, 123_456, 0xffff_ffff_8100_0f0eL, -9, event));
    }
    return events;
  }

  static VmRecord vm() {
    return new VmRecord(
        "ledger-1", RUN, 4, "ledger", 64L << 20, VmStatus.RUNNING, 2, "node-b", 1_000, 2_000);
  }

  static Map<String, ControlOrder> orders() {
    String by = "coordinator-1";
    List<ControlOrder> all =
        List.of(
            new ControlOrder.PromotionOrdered(
                "ledger-1", RUN, 1, "node-b", OTHER, "primary is silent", by, 1_500),
            new ControlOrder.LifeOrdered(
                "ledger-1", RUN, ControlOrder.Life.PAUSE, OTHER, "the host is repaired", by, 1_500),
            new ControlOrder.StandbyOrdered(
                "ledger-1", RUN, "node-c", true, OTHER, "a second standby", by, 1_500),
            new ControlOrder.SnapshotOrdered(
                "ledger-1", RUN, 980, OTHER, "it diverged", by, 1_500));
    Map<String, ControlOrder> orders = new LinkedHashMap<>();
    all.forEach(order -> orders.put("ControlRecord-" + order.getClass().getSimpleName(), order));
    return orders;
  }

  static Map<String, SnapshotRecord> snapshots() {
    List<SnapshotPart> all =
        List.of(
            new SnapshotPart.Started("node-a", -1, 8192, 4096, 1_600),
            new SnapshotPart.Chunk(3, new int[] {7, 9000}, hash(1)),
            new SnapshotPart.State(4, hash(2)),
            new SnapshotPart.Completed(
                "node-a",
                hash(5),
                980,
                991,
                123_456,
                18_446,
                hash(3),
                List.of(100L, 120L),
                -1,
                2,
                Long.MIN_VALUE,
                8200,
                4096,
                5,
                hash(4),
                List.of(0L, 10L, 20L),
                List.of(0L, 13L, 22L),
                300,
                1_300_000,
                3,
                870,
                1_600,
                2_600),
            new SnapshotPart.Verified("node-b", 991, 3_600));
    Map<String, SnapshotRecord> records = new LinkedHashMap<>();
    all.forEach(
        part ->
            records.put(
                "Snapshot-" + part.getClass().getSimpleName(),
                new SnapshotRecord("ledger-1", RUN, 2, OTHER, part)));
    return records;
  }

  static Heartbeat heartbeat() {
    return new Heartbeat(
        "ledger-1",
        RUN,
        "node-b",
        OTHER,
        NodeRole.STANDBY,
        "following",
        1,
        990,
        123_400,
        980,
        "127.0.0.1",
        7001,
        1_600,
        991,
        0,
        Protection.DEGRADED,
        250,
        Retention.WAITING,
        120);
  }

  /** As it is read today. */
  static Heartbeat heartbeatOfVersion1() {
    Heartbeat now = heartbeat();
    return new Heartbeat(
        now.vm(),
        now.run(),
        now.node(),
        now.incarnation(),
        now.role(),
        now.phase(),
        now.term(),
        now.epoch(),
        now.position(),
        now.checkpointEpoch(),
        now.consoleHost(),
        now.consolePort(),
        now.sentAtMillis(),
        now.digestsVerified(),
        now.digestMismatches());
  }

  static MachineState machine() {
    return new MachineState(
        1,
        123_456L,
        99L,
        false,
        true,
        "RUNNING",
        new VcpuState(
            bytes(1), bytes(2), bytes(3), bytes(4), bytes(5), List.of(new Msr(0x10, -1L)), 0),
        List.of(new DeviceState("pit", 1, bytes(6)), new DeviceState("pic", 1, bytes(7))));
  }

  private static ByteBuffer bytes(int value) {
    return ByteBuffer.wrap(new byte[] {(byte) value, 0, (byte) value});
  }
}
