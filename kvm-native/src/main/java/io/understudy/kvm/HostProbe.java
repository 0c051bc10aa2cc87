package io.understudy.kvm;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out what the KVM of this host really does by running tiny guests, because capabilities do
 * not tell: backends without hardware virtualization, nested hosts and emulated processors differ
 * in ways the interface does not show.
 *
 * <p>Each probe uses a virtual machine of its own and is ended by a kick when its guest hangs.
 * Kicks are therefore tried first, on a thread of their own; should they not work, nothing else is
 * tried.
 */
public final class HostProbe {
  private static final int MAJORITY = 2;
  private static final Logger LOG = LoggerFactory.getLogger(HostProbe.class);

  private HostProbe() {}

  /**
   * Tries everything; takes about a second. The calling thread owns the probe guests and has the
   * kick signal blocked afterwards.
   */
  public static ProbeReport run(Kvm kvm) {
    List<ProbeResult> results = new ArrayList<>();
    results.add(runGuarded(ExitProbes.KICK, kvm));
    if (results.get(0).verdict() == Verdict.WORKS) {
      for (Probe probe : probes()) {
        ProbeResult result = probe.run(kvm);
        LOG.debug("probe {}", result);
        results.add(result);
      }
    }
    return new ProbeReport(results);
  }

  /**
   * Whether the interrupt window opens exactly at the instruction where the guest can take an
   * interrupt again, so that it is the same one in every execution; some hosts look only now and
   * then. Also whether it can be stepped over, which windows right behind STI need.
   */
  public static boolean hasExactInterruptWindow(Kvm kvm) {
    return works(InterruptProbes.WINDOW, kvm) && works(DebugProbes.SINGLE_STEP, kvm);
  }

  /** Whether a guest kernel can be stepped, and stopped by breakpoint where it cannot. */
  public static boolean hasExactSteps(Kvm kvm) {
    return works(DebugProbes.BREAKPOINTS, kvm) && works(DebugProbes.SINGLE_STEP, kvm);
  }

  /**
   * Whether the host counts a guest kernel's instructions exactly, and has what it takes to find a
   * place again by that count.
   */
  public static boolean hasExactInstructionCount(Kvm kvm) {
    return works(ClockProbes.EMULATED_INSTRUCTIONS, kvm) && hasExactSteps(kvm);
  }

  /**
   * By majority: one that works can fail once, on a host that is so busy that a guest takes longer
   * than its time, and where an emulated processor loses the shadow of STI.
   */
  private static boolean works(Probe probe, Kvm kvm) {
    int works = 0;
    int fails = 0;
    while (works < MAJORITY && fails < MAJORITY) {
      ProbeResult result = probe.run(kvm);
      LOG.debug("probe {}", result);
      if (result.verdict() == Verdict.WORKS) {
        works++;
      } else {
        fails++;
      }
    }
    return works == MAJORITY;
  }

  private static List<Probe> probes() {
    List<Probe> all = new ArrayList<>(ExitProbes.ALL);
    all.addAll(InterruptProbes.ALL);
    all.addAll(StateProbes.ALL);
    all.addAll(DebugProbes.ALL);
    all.addAll(ClockProbes.ALL);
    return all;
  }

  /** A guest that cannot be kicked would keep its thread for ever; that thread is given up then. */
  private static ProbeResult runGuarded(Probe probe, Kvm kvm) {
    AtomicReference<ProbeResult> result = new AtomicReference<>();
    Thread thread = new Thread(() -> result.set(probe.run(kvm)), "kvm-probe-kick");
    thread.setDaemon(true);
    thread.start();
    try {
      thread.join(Probe.TIMEOUT.multipliedBy(2).toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    ProbeResult found = result.get();
    return found != null
        ? found
        : new ProbeResult(
            probe.mechanism(),
            Verdict.DOES_NOT_WORK,
            "the guest was kicked and did not come back; nothing else was tried",
            probe.isRequired());
  }
}
