package io.understudy.failover.coordinator;

import io.understudy.log.LogEnd;
import io.understudy.schemas.Topics;
import io.understudy.schemas.VmId;
import io.understudy.schemas.VmRecord;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;

/** Asks how far the log of a VM is committed, without a consumer of it. */
final class LogEnds {
  private LogEnds() {}

  /** The answer, completed on a thread of {@code admin}. */
  static KafkaFuture<LogEnd> ask(Admin admin, VmRecord vm) {
    Map<TopicPartition, OffsetSpec> wanted = new HashMap<>();
    for (int partition = 0; partition < vm.partitions(); partition++) {
      wanted.put(
          new TopicPartition(Topics.events(new VmId(vm.vm())), partition), OffsetSpec.latest());
    }
    // Without the isolation level the answer would include an open transaction.
    return admin
        .listOffsets(wanted, new ListOffsetsOptions(IsolationLevel.READ_COMMITTED))
        .all()
        .thenApply(LogEnds::ends);
  }

  static long sum(LogEnd end) {
    return end.offsets().values().stream().mapToLong(Long::longValue).sum();
  }

  private static LogEnd ends(Map<TopicPartition, ListOffsetsResultInfo> found) {
    SortedMap<Integer, Long> offsets = new TreeMap<>();
    found.forEach((partition, info) -> offsets.put(partition.partition(), info.offset()));
    return new LogEnd(offsets);
  }
}
