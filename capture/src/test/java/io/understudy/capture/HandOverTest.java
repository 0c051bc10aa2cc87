package io.understudy.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.understudy.log.EpochDraft;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
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
  void handsFramesOverInOrderAndLosesThoseBeyondItsBoundAndAfterTheStop() {
    assertThat(handOver.pollFrame()).isNull();
    for (int number = 0; number < 300; number++) {
      handOver.offerFrame(new byte[number]);
    }
    for (int number = 0; number < 256; number++) {
      assertThat(handOver.pollFrame()).hasSize(number);
    }
    assertThat(handOver.pollFrame()).isNull();
    handOver.offerFrame(new byte[7]);
    assertThat(handOver.pollFrame()).as("there is room again").hasSize(7);

    handOver.stop(new StopReason(StopReason.Kind.REQUESTED, "test"));
    handOver.offerFrame(new byte[8]);
    assertThat(handOver.pollFrame()).isNull();
  }

  @Test
  void doesNotWaitForWhatIsThere() throws Exception {
    long forever = Long.MAX_VALUE;
    handOver.offerFrame(new byte[14]);
    handOver.awaitChange(forever, false, true, false);
    handOver.offerInput(0, new byte[1]);
    handOver.awaitChange(forever, true, false, false);
    handOver.awaitChange(forever, false, false, true);
    handOver.stop(new StopReason(StopReason.Kind.REQUESTED, "test"));
    handOver.awaitChange(forever, false, false, false);
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
