package io.understudy.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.understudy.log.LogException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

final class ExpectedHashesTest {
  private static final String TENS = "0a".repeat(32);

  /** The option alone, as a command would have it. */
  @CommandLine.Command
  private static final class Any {
    @CommandLine.Mixin private ExpectedHashes hashes;
  }

  private static ExpectedHashes expecting(String... words) {
    Any command = new Any();
    new CommandLine(command).parseArgs(words);
    return command.hashes;
  }

  private static byte[] hash(int value) {
    byte[] hash = new byte[32];
    Arrays.fill(hash, (byte) value);
    return hash;
  }

  @Test
  void saysNothing_whenAllHashesAreTheExpectedOnes() {
    ExpectedHashes hashes =
        expecting("--expect-hash", "3:" + TENS, "--expect-hash=4:" + "0B".repeat(32));

    for (int epoch = 2; epoch < 6; epoch++) {
      hashes.check(epoch, hash(epoch + 7));
    }
    hashes.finish();
    assertThat(hashes.isEmpty()).isFalse();
  }

  @Test
  void saysNothing_whenNoneIsExpected() {
    ExpectedHashes hashes = expecting();
    assertThat(hashes.isEmpty()).isTrue();
    assertThatCode(hashes::finish).doesNotThrowAnyException();

    hashes.check(0, hash(1));
    assertThatCode(hashes::finish).doesNotThrowAnyException();
  }

  @Test
  void refusesAnotherHash() {
    ExpectedHashes hashes = expecting("--expect-hash", "3:" + TENS);
    hashes.check(2, hash(9));

    assertThatThrownBy(() -> hashes.check(3, hash(11)))
        .isInstanceOf(LogException.class)
        .hasMessageContaining(
            "not the expected one, so this is not the history that it was kept of: epoch=3"
                + " expected="
                + TENS
                + " actual="
                + "0b".repeat(32));
  }

  @Test
  void refusesTheSecondOfTwo_whenTheyContradictEachOther() {
    ExpectedHashes hashes =
        expecting("--expect-hash", "3:" + TENS, "--expect-hash", "3:" + "0b".repeat(32));

    assertThatThrownBy(() -> hashes.check(3, hash(10))).hasMessageContaining("expected=0b0b");
  }

  @Test
  void refusesAnEpochThatWasNotRead() {
    assertThatThrownBy(expecting("--expect-hash", "3:" + TENS)::finish)
        .isInstanceOf(LogException.class)
        .hasMessageContaining("epoch=3 expected=" + TENS + " read=none");
    for (int first : new int[] {1, 4}) {
      ExpectedHashes hashes = expecting("--expect-hash", "3:" + TENS);
      hashes.check(first, hash(1));
      hashes.check(first + 1, hash(2));

      assertThatThrownBy(hashes::finish)
          .isInstanceOf(LogException.class)
          .hasMessageContaining("read=" + first + " to " + (first + 1));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"3", "3:", "3:0a", "3:#0a", ":#", "-1:#", "x:#", "3 :#", "3:0x#", "#"})
  void refusesOtherWords(String form) {
    String given = form.replace("#", TENS);

    assertThatThrownBy(() -> expecting("--expect-hash=" + given))
        .isInstanceOf(CommandLine.ParameterException.class)
        .hasMessageContaining("a colon and 64 hexadecimal digits, is '" + given + "'");
  }
}
