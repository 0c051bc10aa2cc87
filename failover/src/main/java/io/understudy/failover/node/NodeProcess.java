package io.understudy.failover.node;

import io.understudy.schemas.ControlOrder;
import io.understudy.schemas.ControlOrder.StandbyOrdered;
import io.understudy.schemas.VmId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Function;
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

  private final String node;
  private final OrderBoard board;
  private final Watching watching;
  private final Function<VmId, NodeSettings> settingsOf;
  private final Map<VmId, ResidentVm> residents = new LinkedHashMap<>();
  private final BlockingQueue<Runnable> events = new LinkedBlockingQueue<>();
  private final List<VmEnd> ends = new ArrayList<>();
  private Listener listener = end -> {};
  private boolean stopping;

  /**
   * Something that is to be told when a VM has left the process. Called by the thread of {@link
   * #run}.
   */
  public interface Listener {
    /** A VM has left; the others go on. */
    void left(VmEnd end);
  }

  /**
   * A process without VMs.
   *
   * @param node its name
   * @param board where it reads its orders; not started yet, and not closed here
   * @param watching how its nodes watch over their runs, and who may watch them
   * @param settingsOf what the node of a VM is told
   */
  public NodeProcess(
      String node, OrderBoard board, Watching watching, Function<VmId, NodeSettings> settingsOf) {
    this.node = node;
    this.board = board;
    this.watching = watching;
    this.settingsOf = settingsOf;
  }

  /**
   * A VM to be kept, before {@link #run}; {@code begin} is null where a run is to be waited for.
   */
  public void add(VmId vm, NewRun begin) {
    if (residents.containsKey(vm)) {
      throw new IllegalArgumentException("a VM is named twice: vm=" + vm);
    }
    residents.put(vm, new ResidentVm(settingsOf.apply(vm), board, watching, begin, null));
  }

  /**
   * Keeps the VMs, and those that it is told to keep, until it is stopped or none is left that
   * could go on.
   *
   * @return how VMs left, in that order
   */
  public List<VmEnd> run(Listener told) throws InterruptedException {
    listener = told;
    residents.forEach(this::start);
    OrderBoard.Subscription orders = board.subscribe(this::consider);
    board.start();
    try {
      while (!isOver()) {
        events.take().run();
      }
    } finally {
      orders.close();
    }
    return List.copyOf(ends);
  }

  /** Ends all VMs soon. */
  public void stop(String why) {
    events.add(
        () -> {
          stopping = true;
          residents.values().forEach(vm -> vm.stop(why));
        });
  }

  /** VMs that somebody had detached may be attached again; those that failed will not come back. */
  private boolean isOver() {
    return residents.isEmpty() && (stopping || ends.stream().anyMatch(end -> !end.isRequested()));
  }

  /** The board's thread. Being detached is for each VM's own thread to see. */
  private void consider(ControlOrder order) {
    if (order instanceof StandbyOrdered standby
        && standby.node().equals(node)
        && standby.attached()) {
      events.add(() -> attach(standby));
    }
  }

  private void attach(StandbyOrdered order) {
    VmId vm = new VmId(order.vm());
    if (stopping || residents.containsKey(vm)) {
      return;
    }
    LOG.info(
        "attached: vm={} run={} by={} reason={}",
        vm,
        order.run(),
        order.orderedBy(),
        order.reason());
    ResidentVm resident = new ResidentVm(settingsOf.apply(vm), board, watching, null, order.run());
    residents.put(vm, resident);
    start(vm, resident);
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
    VmEnd last = end;
    events.add(() -> leave(last));
  }

  private void leave(VmEnd end) {
    residents.remove(end.vm());
    ends.add(end);
    listener.left(end);
  }

  /** All threads of one VM. */
  private static final class OfVm extends ThreadGroup {
    OfVm(VmId vm) {
      super(vm.text());
    }
  }
}
