package io.understudy.log;

import io.understudy.schemas.Attachments;
import io.understudy.schemas.GuestEvent;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/** Makes epochs for tests: whole runs whose content follows from a seed. */
public final class Drafts {
  private Drafts() {}

  /** The header of a run on {@code partitions} partitions. */
  public static GuestEvent.RunStarted runStarted(int partitions) {
    return runStarted(partitions, "console=ttyS0");
  }

  static GuestEvent.RunStarted runStarted(int partitions, String commandLine) {
    return new GuestEvent.RunStarted(
        partitions,
        1 << 20,
        "ledger",
        new byte[32],
        commandLine,
        "plain",
        "exit",
        "stream",
        1_700_000_000_000L,
        42,
        1,
        1,
        new TreeMap<>(),
        "node-a",
        Attachments.NONE);
  }

  /** An epoch of {@code events}, all at {@code position}. */
  public static EpochDraft of(long position, GuestEvent... events) {
    List<EpochDraft.Entry> entries = new ArrayList<>();
    for (GuestEvent event : events) {
      entries.add(new EpochDraft.Entry(position, 0x1000 + position, position * 31, event));
    }
    return new EpochDraft(entries, mark(position));
  }

  /** The first epoch of a run. */
  public static EpochDraft first(int partitions) {
    return of(0, runStarted(partitions), new GuestEvent.ClockAdvanced(0));
  }

  /** The first epoch after a take-over of {@code chain}. */
  public static EpochDraft takeOver(ChainState chain) {
    return of(
        chain.nextEpoch() * 10,
        new GuestEvent.TermStarted("node-b", "primary is silent", chain.term()));
  }

  /** An ordinary epoch with 0 to 4 events. */
  static EpochDraft random(RandomGenerator random, long epoch) {
    GuestEvent[] events = new GuestEvent[random.nextInt(5)];
    for (int index = 0; index < events.length; index++) {
      events[index] =
          random.nextBoolean()
              ? new GuestEvent.ClockAdvanced(random.nextLong(1L << 40))
              : new GuestEvent.ConsoleInput(bytes(random, 1 + random.nextInt(200)));
    }
    return of(epoch * 10, events);
  }

  static byte[] bytes(RandomGenerator random, int count) {
    byte[] bytes = new byte[count];
    random.nextBytes(bytes);
    return bytes;
  }

  static GuestEvent.ConsoleInput input(String text) {
    return new GuestEvent.ConsoleInput(text.getBytes(StandardCharsets.UTF_8));
  }

  private static EpochDraft.Mark mark(long position) {
    return new EpochDraft.Mark(
        position,
        0x2000 + position,
        -position,
        position ^ 7,
        2,
        3,
        position,
        5,
        4,
        position * 8,
        0,
        0);
  }
}
