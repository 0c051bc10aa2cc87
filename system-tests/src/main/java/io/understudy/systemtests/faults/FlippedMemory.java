package io.understudy.systemtests.faults;

import io.understudy.cli.demo.ChildJvm;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * A bit of a running standby's guest memory changes, as if the host's memory were faulty. The
 * standby must find it, repair itself and count that, protect its leader again, and be good enough
 * to lead. Where a crash point is armed it dies or freezes in the middle of the repair.
 */
final class FlippedMemory implements Assault {
  private static final Duration TIMEOUT = Duration.ofMinutes(2);
  private static final Duration FOUND_WITHIN = Duration.ofSeconds(5);
  private static final int TRIES = 20;
  private static final int STANDBY = 1;
  private static final int MEMORY_MIB = 16;
  private static final int REPLIES = 20;
  private static final String REPAIRS = "understudy_repairs_total";

  private final Schedule schedule;
  private final VmProcesses processes;
  private final BeatLog beats;
  private final Diary diary;
  private final Recovery recovery;
  private final Random random;

  FlippedMemory(Scene scene) {
    this.schedule = scene.schedule();
    this.processes = scene.processes();
    this.beats = scene.beats();
    this.diary = scene.diary();
    this.recovery = new Recovery(scene);
    this.random = new Random(schedule.steps().get(0).choice());
  }

  @Override
  public void run(Workload workload) throws InterruptedException {
    recovery.await(workload, REPLIES);
    boolean kept = diary.isClean() && recovery.awaitCheckpoint(STANDBY);
    if (!kept || !damage()) {
      return;
    }
    Optional<String> point = schedule.crash().flatMap(Crash::ofStandby);
    if (point.isPresent()) {
      failWhileRepairing(point.get());
    } else if (!diary.await(
        "the repair is counted: " + REPAIRS, TIMEOUT, () -> meter(REPAIRS) >= 1)) {
      diary.note(processes.node(STANDBY).tail());
      return;
    }
    recovery.await(workload, REPLIES);
    recovery.failOver(0, STANDBY);
  }

  /** Changes bits, one after the other, until one is found. */
  private boolean damage() {
    ChildJvm standby = processes.node(STANDBY);
    List<GuestPages> found = GuestPages.of(standby.pid(), MEMORY_MIB);
    for (int tried = 0; tried < TRIES; tried++) {
      GuestPages pages = found.get(tried % found.size());
      byte[] before = pages.read();
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(300));
      int offset = GuestPages.quietByteOfBusyPage(before, pages.read(), random);
      if (offset < 0) {
        continue;
      }
      byte right = pages.read(offset);
      byte wrong = (byte) (right ^ 1 << random.nextInt(8));
      pages.write(offset, wrong);
      diary.done(
          FaultKind.FLIPPED_MEMORY.label(),
          String.format(
              "mapping %d of %d, address 0x%x, 0x%02x becomes 0x%02x",
              tried % found.size() + 1, found.size(), offset, right, wrong));
      if (Diary.until(FOUND_WITHIN, this::isFound)) {
        return true;
      }
      // It was the copy, or the guest wrote over it, or not since: then nothing may be left.
      if (pages.read(offset) == wrong) {
        pages.write(offset, right);
      }
      diary.note("not found");
    }
    diary.violation("no change of guest memory was found, of " + TRIES);
    return false;
  }

  private boolean isFound() {
    ChildJvm standby = processes.node(STANDBY);
    return VmProcesses.isDown(standby)
        || beats
            .newest(VmProcesses.name(STANDBY))
            .filter(beat -> beat.digestMismatches() > 0)
            .isPresent();
  }

  private void failWhileRepairing(String point) {
    ChildJvm standby = processes.node(STANDBY);
    diary.await(
        "crash point is reached: " + standby.name() + " " + point,
        TIMEOUT,
        () -> VmProcesses.isDown(standby));
    diary.note("reached " + point);
    if (standby.isAlive()) {
      standby.resume();
    } else {
      processes.restart(STANDBY);
    }
  }

  /** A meter of the standby; 0 if it is not there. */
  private double meter(String name) {
    URI page = URI.create("http://127.0.0.1:" + processes.httpPort(STANDBY) + "/metrics");
    try {
      return HttpClient.newHttpClient()
          .send(HttpRequest.newBuilder(page).timeout(TIMEOUT).build(), BodyHandlers.ofString())
          .body()
          .lines()
          .filter(line -> line.startsWith(name + "{"))
          .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
          .findFirst()
          .orElse(0);
    } catch (IOException e) {
      // It is down, or does not answer yet.
      return 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while a meter is read", e);
    }
  }
}
