package io.understudy.failover.front;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

class SyncScannerTest {
  private static final byte[] NONCE = {4, 0, 8, 0, 4, 0, 8, 1};

  /** The nonce begins like the frame's header, so a scanner that restarts wrongly misses it. */
  @Property
  void answerIsFoundHoweverTheOutputIsCut(
      @ForAll @Size(max = 40) byte[] before, @ForAll @IntRange(min = 1, max = 20) int piece) {
    byte[] answer = ChannelFrame.sync(NONCE).encode();
    byte[] after = {9, 8, 7};
    byte[] all = Arrays.copyOf(before, before.length + answer.length + after.length);
    System.arraycopy(answer, 0, all, before.length, answer.length);
    System.arraycopy(after, 0, all, before.length + answer.length, after.length);
    SyncScanner scanner = new SyncScanner(NONCE);
    for (int at = 0; at < all.length; at += piece) {
      int end = Math.min(all.length, at + piece);
      byte[] rest = scanner.scan(Arrays.copyOfRange(all, at, end));
      boolean isComplete = end >= before.length + answer.length;
      assertThat(rest != null).isEqualTo(isComplete);
      if (isComplete) {
        assertThat(rest).isEqualTo(Arrays.copyOfRange(all, before.length + answer.length, end));
        return;
      }
    }
  }
}
