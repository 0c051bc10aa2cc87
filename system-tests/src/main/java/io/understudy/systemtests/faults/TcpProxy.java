package io.understudy.systemtests.faults;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * A network between two processes that can fail: a TCP port of the loopback address whose
 * connections are passed on to another port.
 *
 * <p>What is under way when the network becomes a black hole arrives, late, when it is whole again,
 * as it does with TCP over a network that lost packets for a while. Thread-safe; has two threads
 * for each connection.
 */
final class TcpProxy implements AutoCloseable {
  private static final int BUFFER_BYTES = 64 * 1024;

  /** How the network is. */
  enum Mode {
    /** Passes everything on. */
    WHOLE,
    /** Connections are reset, new ones too. */
    CUT,
    /** Connections stay, nothing passes. */
    HOLE
  }

  private final ServerSocket server;
  private final Supplier<InetSocketAddress> target;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private volatile Mode mode = Mode.WHOLE;
  private volatile long delayMillis;
  private volatile boolean closed;

  private TcpProxy(ServerSocket server, Supplier<InetSocketAddress> target) {
    this.server = server;
    this.target = target;
  }

  /** Listens on {@code port} and passes connections on to {@code targetPort}. */
  static TcpProxy start(int port, int targetPort) {
    return start(port, () -> new InetSocketAddress(InetAddress.getLoopbackAddress(), targetPort));
  }

  /** The same with a target that may move; it is asked at each connection, by any thread. */
  static TcpProxy start(int port, Supplier<InetSocketAddress> target) {
    try {
      ServerSocket server = new ServerSocket(port, 64, InetAddress.getLoopbackAddress());
      TcpProxy proxy = new TcpProxy(server, target);
      proxy.startThread("accept", proxy::accept);
      return proxy;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot listen: port=" + port, e);
    }
  }

  /** Changes how the network is. */
  void become(Mode next) {
    lock.lock();
    try {
      mode = next;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    if (next == Mode.CUT) {
      sockets.forEach(TcpProxy::reset);
    }
  }

  /** What passes takes so much longer in each direction. */
  void delay(long millis) {
    delayMillis = millis;
  }

  @Override
  public void close() {
    closed = true;
    try {
      server.close();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot close a proxy: port=" + server.getLocalPort(), e);
    }
    become(Mode.CUT);
  }

  private void accept() {
    while (!closed) {
      Socket client;
      try {
        client = server.accept();
      } catch (IOException e) {
        if (closed) {
          return;
        }
        throw new UncheckedIOException("cannot accept: port=" + server.getLocalPort(), e);
      }
      sockets.add(client);
      if (mode == Mode.CUT) {
        forget(client);
      } else {
        startThread("out", () -> serve(client));
      }
    }
  }

  private void serve(Socket client) {
    try {
      awaitPassage();
      // The broker may be away: whoever connects sees what it would see without a proxy.
      InetSocketAddress to = target.get();
      Socket far = new Socket(to.getAddress(), to.getPort());
      sockets.add(far);
      client.setTcpNoDelay(true);
      far.setTcpNoDelay(true);
      startThread("in", () -> pump(far, client));
      pump(client, far);
    } catch (IOException e) {
      forget(client);
    }
  }

  private void pump(Socket from, Socket to) {
    byte[] buffer = new byte[BUFFER_BYTES];
    try {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      int count = in.read(buffer);
      while (count >= 0) {
        if (delayMillis > 0) {
          LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(delayMillis));
        }
        awaitPassage();
        out.write(buffer, 0, count);
        count = in.read(buffer);
      }
      to.shutdownOutput();
      if (from.isOutputShutdown()) {
        forget(from);
        forget(to);
      }
    } catch (IOException e) {
      forget(from);
      forget(to);
    }
  }

  private void awaitPassage() throws IOException {
    lock.lock();
    try {
      while (mode == Mode.HOLE && !closed) {
        changed.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
    if (mode == Mode.CUT) {
      throw new IOException("the network is cut");
    }
  }

  private void forget(Socket socket) {
    sockets.remove(socket);
    reset(socket);
  }

  private static void reset(Socket socket) {
    try {
      socket.setSoLinger(true, 0);
      socket.close();
    } catch (IOException e) {
      // It is closed already.
      return;
    }
  }

  private void startThread(String what, Runnable task) {
    Thread thread = new Thread(task, "proxy-" + server.getLocalPort() + "-" + what);
    thread.setDaemon(true);
    thread.start();
  }
}
