package io.understudy.failover.node;

import io.understudy.schemas.VmId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Many VMs in one process, each for itself: as standby, primary or waiting, whatever it needs to
 * be.
 *
 * <p>Each VM has a thread group named after it, in which all its threads are, so that a log can
 * tell which VM a line is about ({@link #vmOf}). What goes wrong with one VM stays there.
 *
 * <p>{@link #run} is called once, by the thread that owns the process; {@link #stop} may be called
 * by any.
 */
public final class NodeProcess {
  private static final Logger LOG = LoggerFactory.getLogger(NodeProcess.class);

  private final Map<VmId, ResidentVm> vms = new LinkedHashMap<>();
  private final BlockingQueue<VmEnd> ended = new LinkedBlockingQueue<>();

  /**
   * Something that is to be told when a VM has left the process. Called by the thread of {@link
   * #run}.
   */
  public interface Listener {
    /** A VM has left; the others go on. */
    void left(VmEnd end);
  }

  /**
   * A VM to be kept, before {@link #run}; {@code begin} is null where a run is to be waited for.
   */
  public void add(NodeSettings settings, NewRun begin) {
    if (vms.putIfAbsent(settings.vm(), new ResidentVm(settings, begin)) != null) {
      throw new IllegalArgumentException("a VM is named twice: vm=" + settings.vm());
    }
  }

  /**
   * Keeps the VMs until all of them have left.
   *
   * @return how they left, in that order
   */
  public List<VmEnd> run(Listener listener) throws InterruptedException {
    vms.forEach(this::start);
    List<VmEnd> ends = new ArrayList<>();
    while (ends.size() < vms.size()) {
      VmEnd end = ended.take();
      ends.add(end);
      listener.left(end);
    }
    return ends;
  }

  /** Ends all VMs soon. */
  public void stop(String why) {
    vms.values().forEach(vm -> vm.stop(why));
  }

  /** The VM that the calling thread works for, empty text if it is none of one VM. */
  public static String vmOf(Thread thread) {
    ThreadGroup group = thread.getThreadGroup();
    return group instanceof OfVm ? group.getName() : "";
  }

  private void start(VmId vm, ResidentVm resident) {
    Thread thread = new Thread(new OfVm(vm), () -> keep(vm, resident), "vcpu-" + vm);
    thread.start();
  }

  private void keep(VmId vm, ResidentVm resident) {
    VmEnd end;
    try {
      end = resident.run();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      end = VmEnd.of(vm, new NodeExit(NodeExit.Kind.REQUESTED, "interrupted"));
    } catch (RuntimeException | Error failure) {
      end = VmEnd.failed(vm, failure);
    }
    if (!end.isRequested()) {
      LOG.error("given up: vm={}: {}", vm, end.describe(), end.unforeseen());
    }
    ended.add(end);
  }

  /** All threads of one VM. */
  private static final class OfVm extends ThreadGroup {
    OfVm(VmId vm) {
      super(vm.text());
    }
  }
}
