package io.understudy.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.understudy.schemas.VmId;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A node that is told to end interrupts its committer, wherever in a commit that is. */
@Timeout(120)
class InterruptedCommitTest {
  private final ClusterConnection connection = TestBroker.connection();
  private final VmId vm = new VmId("interrupted-" + UUID.randomUUID().toString().substring(0, 8));

  @AfterEach
  void clearInterrupt() {
    Thread.interrupted();
  }

  @Test
  void endsAsAFailureOfTheLog_andStaysInterrupted() {
    try (LogTopics topics = new LogTopics(connection)) {
      topics.create(vm, 1);
    }
    FencedWriter fenced = KafkaEpochWriter.fence(connection, vm, Duration.ofSeconds(20));
    EpochLog log = fenced.begin(UUID.randomUUID(), 1, ChainState.genesis(), 1);

    Thread.currentThread().interrupt();

    assertThatThrownBy(() -> log.commit(Drafts.first(1)))
        .isInstanceOf(LogFencedException.class)
        .hasMessageContaining("epoch not committed: vm=" + vm)
        .hasMessageContaining("epoch=0");
    assertThat(Thread.currentThread().isInterrupted()).isTrue();
    assertThatCode(log::close).doesNotThrowAnyException();
    assertThatCode(fenced::close).doesNotThrowAnyException();
    assertThat(Thread.currentThread().isInterrupted()).isTrue();
  }
}
