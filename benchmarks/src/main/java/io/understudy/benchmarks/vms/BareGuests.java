package io.understudy.benchmarks.vms;

import io.understudy.benchmarks.ChildProcess;
import io.understudy.benchmarks.WorkDirectory;
import io.understudy.cli.demo.RespClient;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * Guests that nobody records, each in a process of {@code understudy run} whose standard input and
 * output are the guest's console.
 */
final class BareGuests implements Deployment {
  private final List<ChildProcess> guests = new ArrayList<>();

  private BareGuests() {}

  /** Starts them. A client may ask at once: a guest answers when it has booted. */
  static BareGuests start(int vms, WorkDirectory directory) {
    BareGuests all = new BareGuests();
    try {
      for (int number = 1; number <= vms; number++) {
        all.guests.add(
            ChildProcess.understudy(
                directory.path().resolve("guest-" + number + ".log"),
                List.of("run", "--memory", Integer.toString(MEMORY_MIB))));
      }
      return all;
    } catch (RuntimeException | Error failure) {
      all.close();
      throw failure;
    }
  }

  @Override
  public Map<Part, List<Long>> processes() {
    return Map.of(Part.GUESTS, guests.stream().map(ChildProcess::pid).toList());
  }

  @Override
  public List<RespClient> connect() {
    return guests.stream().map(guest -> RespClient.over(guest.output(), guest.input())).toList();
  }

  @Override
  public OptionalLong logBytes() {
    return OptionalLong.empty();
  }

  /** A guest that has ended leaves its client without an answer. */
  @Override
  public int requireSound() {
    return 0;
  }

  @Override
  public void close() {
    guests.forEach(ChildProcess::close);
  }
}
