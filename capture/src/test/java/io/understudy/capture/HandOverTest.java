package io.understudy.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.understudy.log.EpochDraft;
import java.util.List;
import org.junit.jupiter.api.Test;

class HandOverTest {
  private static final EpochDraft EMPTY =
      new EpochDraft(List.of(), new EpochDraft.Mark(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));

  private final HandOver handOver = new HandOver();

  @Test
  void handsInputOverInOrderAndOnlyWhatFits() {
    assertThat(handOver.offerInput(0, new byte[3])).isTrue();
    assertThat(handOver.offerInput(3, new byte[2])).isTrue();

    assertThat(handOver.pollInput(2)).isNull();
    assertThat(handOver.pollInput(3).offset()).isZero();
    assertThat(handOver.pollInput(3).offset()).isEqualTo(3);
    assertThat(handOver.pollInput(3)).isNull();
  }

  @Test
  void refusesInputBeyondItsBoundAndAfterTheStop() {
    byte[] message = new byte[4096];
    long offset = 0;
    while (handOver.offerInput(offset, message)) {
      offset += message.length;
    }
    assertThat(offset).isEqualTo(512 * 1024);
    handOver.pollInput(message.length);
    assertThat(handOver.offerInput(offset, message)).isTrue();

    handOver.stop(new StopReason(StopReason.Kind.REQUESTED, "test"));
    handOver.pollInput(message.length);
    assertThat(handOver.offerInput(offset, message)).isFalse();
  }

  @Test
  void isIdleOnlyWhenNoEpochIsOnItsWay() throws Exception {
    assertThat(handOver.isCommitterIdle()).isTrue();
    handOver.submit(EMPTY);
    assertThat(handOver.isCommitterIdle()).isFalse();
    assertThatThrownBy(() -> handOver.submit(EMPTY)).isInstanceOf(IllegalStateException.class);
    assertThat(handOver.takeDraft()).isSameAs(EMPTY);
    assertThat(handOver.isCommitterIdle()).isFalse();
    handOver.committed();
    assertThat(handOver.isCommitterIdle()).isTrue();
  }

  @Test
  void keepsTheFirstReasonToStop() throws Exception {
    handOver.stop(new StopReason(StopReason.Kind.FENCED, "first"));
    handOver.stop(new StopReason(StopReason.Kind.REQUESTED, "second"));

    assertThat(handOver.stopped().message()).isEqualTo("first");
    assertThat(handOver.takeDraft()).isNull();
  }
}
