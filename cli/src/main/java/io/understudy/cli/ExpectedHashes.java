package io.understudy.cli;

import io.understudy.log.LogException;
import io.understudy.log.LogStart;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Help;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/**
 * Hashes of epochs that somebody has kept outside the cluster, for a command to compare with what
 * it reads. Without them a history proves only that it is one; with them, that it is the one of
 * then.
 *
 * <p>A command mixes it in, tells it every epoch that it reads, and says when it has read all.
 * Owned by the main thread.
 */
final class ExpectedHashes {
  private static final Pattern FORM = Pattern.compile("(\\d{1,18}):([0-9a-fA-F]{64})");

  @Option(
      names = "--expect-hash",
      showDefaultValue = Help.Visibility.NEVER,
      paramLabel = "EPOCH:HASH",
      description = {
        "The hash after an epoch, 64 hexadecimal digits, as it was kept elsewhere. Fails if it is",
        "another one, or if that epoch is not read. May be repeated."
      },
      converter = ToEntry.class)
  private List<Entry> expected = new ArrayList<>();

  // Of the epochs that were read; -1 before the first.
  private long firstEpoch = -1;
  private long lastEpoch = -1;

  /**
   * The hash after one epoch.
   *
   * @param epoch its number, from 0
   * @param hash 64 hexadecimal digits, lower case
   */
  record Entry(long epoch, String hash) {}

  /** {@code epoch:hash}, the hash as 64 hexadecimal digits. */
  static final class ToEntry implements ITypeConverter<Entry> {
    @Override
    public Entry convert(String text) {
      Matcher matcher = FORM.matcher(text);
      if (!matcher.matches()) {
        throw new TypeConversionException(
            "expected the number of an epoch, a colon and 64 hexadecimal digits, is '"
                + text
                + "'");
      }
      return new Entry(
          Long.parseLong(matcher.group(1)),
          HexFormat.of().formatHex(HexFormat.of().parseHex(matcher.group(2))));
    }
  }

  /** Whether none is expected. */
  boolean isEmpty() {
    return expected.isEmpty();
  }

  /**
   * Reading begins there. A snapshot's manifest says the hash behind its epoch, which the first one
   * that is read continues: so this epoch counts as read.
   *
   * @throws LogException if another hash is expected
   */
  void begin(LogStart start) {
    firstEpoch = -1;
    lastEpoch = -1;
    if (start.snapshot() != null) {
      check(start.snapshot().manifest().epoch(), start.snapshot().manifest().hash());
    }
  }

  /**
   * An epoch was read, the next one in order.
   *
   * @param hash the chain's hash after it
   * @throws LogException if another hash is expected
   */
  void check(long epoch, byte[] hash) {
    firstEpoch = firstEpoch < 0 ? epoch : firstEpoch;
    lastEpoch = epoch;
    for (Entry entry : expected) {
      if (entry.epoch() == epoch && !entry.hash().equals(HexFormat.of().formatHex(hash))) {
        throw new LogException(
            "hash of an epoch is not the expected one, so this is not the history that it was kept"
                + " of: epoch="
                + epoch
                + " expected="
                + entry.hash()
                + " actual="
                + HexFormat.of().formatHex(hash));
      }
    }
  }

  /** The last epoch of which a hash is expected, -1 if there is none. */
  long last() {
    return expected.stream().mapToLong(Entry::epoch).max().orElse(-1);
  }

  /**
   * All was read.
   *
   * @throws LogException if a hash is expected of an epoch that was not among it
   */
  void finish() {
    for (Entry entry : expected) {
      if (firstEpoch < 0 || entry.epoch() < firstEpoch || entry.epoch() > lastEpoch) {
        throw new LogException(
            "hash is expected of an epoch that is not among those that were read: epoch="
                + entry.epoch()
                + " expected="
                + entry.hash()
                + " read="
                + (firstEpoch < 0 ? "none" : firstEpoch + " to " + lastEpoch));
      }
    }
  }
}
