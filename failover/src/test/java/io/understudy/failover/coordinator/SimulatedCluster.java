package io.understudy.failover.coordinator;

import io.understudy.schemas.ControlOrder.PromotionOrdered;
import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.VmRecord;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.LongSupplier;

/**
 * A Kafka cluster in memory with a scripted clock: three shared topics and one VM's log. What is
 * written while it is down arrives when it is up again, or is lost after the senders' delivery
 * timeout.
 */
final class SimulatedCluster {
  private static final long MILLI = 1_000_000;
  private static final long DELIVERY_NANOS = 3000 * MILLI;

  private final LongSupplier nanos;
  private final long latencyNanos;
  private final Deque<Sent> inFlight = new ArrayDeque<>();
  private final List<Object> records = new ArrayList<>();
  private boolean down;

  /** The VM's log: who may write, which term, how much is committed. */
  final Log log = new Log();

  private record Sent(Object value, long atNanos) {}

  /** Models what the fence guarantees, and remembers who started which term. */
  static final class Log {
    long term = 1;
    long committed = 5;
    UUID writer;
    final TreeMap<Long, UUID> leaders = new TreeMap<>();

    /** False if the writer was fenced: nothing was committed. */
    boolean commit(UUID incarnation) {
      if (!incarnation.equals(writer)) {
        return false;
      }
      committed++;
      return true;
    }

    /** False if the writer was fenced or the term it wants to end is over already. */
    boolean startTerm(UUID incarnation, long fromTerm) {
      if (!incarnation.equals(writer) || fromTerm != term) {
        return false;
      }
      term++;
      if (leaders.put(term, incarnation) != null) {
        throw new AssertionError("two leaders: term=" + term);
      }
      return true;
    }
  }

  SimulatedCluster(LongSupplier nanos, long latencyMillis) {
    this.nanos = nanos;
    this.latencyNanos = latencyMillis * MILLI;
  }

  boolean isDown() {
    return down;
  }

  void down(boolean isDown) {
    down = isDown;
    if (!down) {
      // Everybody's retries come through now, but not what was given up before.
      List<Sent> waiting = new ArrayList<>(inFlight);
      inFlight.clear();
      for (Sent sent : waiting) {
        if (nanos.getAsLong() - sent.atNanos() < DELIVERY_NANOS) {
          inFlight.add(new Sent(sent.value(), nanos.getAsLong()));
        }
      }
    }
  }

  void send(Object value) {
    inFlight.add(new Sent(value, nanos.getAsLong()));
  }

  void deliver() {
    Iterator<Sent> iterator = inFlight.iterator();
    while (!down && iterator.hasNext()) {
      Sent sent = iterator.next();
      if (nanos.getAsLong() - sent.atNanos() < latencyNanos) {
        return;
      }
      records.add(sent.value());
      iterator.remove();
    }
  }

  /** How many records there are; where a new reader's content ends. */
  int end() {
    return records.size();
  }

  Object record(int offset) {
    return records.get(offset);
  }

  Port port() {
    return new Port();
  }

  /** One coordinator's connection. */
  final class Port implements ClusterPort {
    private final int contentEnd = end();
    final List<PromotionOrdered> orders = new ArrayList<>();
    private int next;
    private OptionalLong answer = OptionalLong.empty();
    private VmRecord asked;
    private boolean loseOrders;

    void loseOrders(boolean lose) {
      loseOrders = lose;
    }

    @Override
    public int poll(Inbox inbox) {
      if (down) {
        return 0;
      }
      int before = next;
      if (next == 0) {
        content().forEach(value -> give(value, true, inbox));
        next = contentEnd;
      }
      for (; next < end(); next++) {
        give(record(next), false, inbox);
      }
      if (answer.isPresent()) {
        inbox.committedEnd(asked, answer.getAsLong());
        answer = OptionalLong.empty();
      }
      return next - before;
    }

    /** The newest value of every key, as compaction leaves it; the directory first. */
    private List<Object> content() {
      Map<String, Object> newest = new TreeMap<>();
      for (Object value : records.subList(0, contentEnd)) {
        if (value instanceof VmRecord vm) {
          newest.put("1" + vm.vm(), vm);
        } else if (value instanceof Heartbeat beat) {
          newest.put("2" + beat.vm() + "/" + beat.node(), beat);
        } else if (value instanceof PromotionOrdered order) {
          newest.put("3" + order.vm(), order);
        }
      }
      return List.copyOf(newest.values());
    }

    private static void give(Object value, boolean retained, Inbox inbox) {
      if (value instanceof VmRecord vm) {
        inbox.directory(vm);
      } else if (value instanceof Heartbeat beat) {
        inbox.beat(beat);
      } else if (value instanceof PromotionOrdered order) {
        inbox.order(order, retained);
      }
    }

    @Override
    public void beat(Heartbeat beat) {
      send(beat);
    }

    @Override
    public boolean order(PromotionOrdered order) {
      orders.add(order);
      if (!down && !loseOrders) {
        send(order);
      }
      return !down;
    }

    @Override
    public void askCommittedEnd(VmRecord vm) {
      asked = vm;
      answer = OptionalLong.of(log.committed);
    }

    @Override
    public void close() {}
  }
}
