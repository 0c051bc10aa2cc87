package io.understudy.kvm;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * One end of a TAP interface: Ethernet frames that the host's network stack, or the bridge the
 * interface belongs to, sends to a guest, and the other way.
 *
 * <p>One thread may receive while others send; {@link #close} only after all are done.
 *
 * <p>Interface: Linux Documentation/networking/tuntap.rst, linux/if_tun.h, linux/if.h.
 */
public final class TapDevice implements AutoCloseable {
  private static final Path INTERFACES = Path.of("/sys/class/net");
  private static final String CLONE_DEVICE = "/dev/net/tun";
  private static final long TUNSETIFF = 0x400454caL;
  private static final int IFREQ_BYTES = 40;
  private static final int IFREQ_NAME_BYTES = 16;
  private static final int IFREQ_FLAGS = 16;
  private static final int IFF_TAP = 2;
  private static final short IFF_TAP_NO_PI = 0x1002;

  /** struct pollfd: fd, events, revents. */
  private static final int POLLFD = 0;

  private static final int POLLFD_EVENTS = 4;
  private static final int FRAME_BYTES_MAX = 65_536;
  private static final int CLOSED = -1;

  private final String name;
  private final NativeBuffer incoming;
  private final NativeBuffer outgoing;
  private final NativeBuffer polled;
  private int fd;

  private TapDevice(String name, int fd) {
    this.name = name;
    this.fd = fd;
    this.incoming = NativeBuffer.allocate(FRAME_BYTES_MAX);
    this.outgoing = NativeBuffer.allocate(FRAME_BYTES_MAX);
    this.polled = NativeBuffer.allocate(Layout.PAGE_SIZE);
  }

  /**
   * Attaches to an interface that exists; the kernel lets one process do so at a time.
   *
   * @param name of the interface, 1 to 15 characters
   * @throws TapException if there is none, or it cannot be used
   */
  public static TapDevice open(String name) {
    NativeAccess.load();
    byte[] bytes = name.getBytes(StandardCharsets.US_ASCII);
    if (!name.matches("[A-Za-z0-9_.-]{1,15}")) {
      throw new TapException(
          "the name of a network interface has 1 to 15 letters, digits, '_', '.' or '-': name="
              + name);
    }
    requireTap(name);
    int fd = LibC.open(CLONE_DEVICE, LibC.O_RDWR | LibC.O_NONBLOCK | LibC.O_CLOEXEC);
    if (fd < 0) {
      throw new TapException(
          CLONE_DEVICE
              + " cannot be opened: errno="
              + Errno.name(NativeAccess.errno())
              + ": it needs root, or the capability CAP_NET_ADMIN, and the module tun");
    }
    TapDevice tap = new TapDevice(name, fd);
    try {
      tap.attach(bytes);
      return tap;
    } catch (TapException failure) {
      tap.close();
      throw failure;
    }
  }

  /** The kernel would make a new interface, which is connected to nothing and gone with us. */
  private static void requireTap(String name) {
    Path directory = INTERFACES.resolve(name);
    if (!Files.exists(directory)) {
      throw new TapException(
          "network interface "
              + name
              + " is missing: make it with 'ip tuntap add dev "
              + name
              + " mode tap' and 'ip link set "
              + name
              + " up', and put it into a bridge with 'ip link set "
              + name
              + " master BRIDGE'");
    }
    if (!isTap(directory.resolve("tun_flags"))) {
      throw new TapException(
          "network interface "
              + name
              + " is no TAP interface: name one that was made with 'ip tuntap add dev NAME mode"
              + " tap'");
    }
  }

  /** Interfaces of other kinds do not have the file, TUN interfaces not the flag. */
  private static boolean isTap(Path flags) {
    try {
      return Files.exists(flags)
          && (Integer.decode(Files.readString(flags).strip()) & IFF_TAP) != 0;
    } catch (IOException gone) {
      return false;
    }
  }

  private void attach(byte[] nameBytes) {
    ByteBuffer request = outgoing.bytes();
    outgoing.clear(0, IFREQ_BYTES);
    request.put(0, nameBytes, 0, Math.min(nameBytes.length, IFREQ_NAME_BYTES - 1));
    request.putShort(IFREQ_FLAGS, IFF_TAP_NO_PI);
    if (LibC.ioctl(fd, TUNSETIFF, outgoing.address()) < 0) {
      int errno = NativeAccess.errno();
      throw new TapException(
          "cannot attach to network interface "
              + name
              + ": errno="
              + Errno.name(errno)
              + (errno == Errno.EBUSY ? ": another process uses it" : ""));
    }
  }

  /** The interface's name. */
  public String name() {
    return name;
  }

  /**
   * Waits for a frame.
   *
   * @param timeoutMillis how long; 0 only looks
   * @return the frame, or null if none came
   */
  public byte[] receive(int timeoutMillis) {
    byte[] frame = read();
    if (frame == null && timeoutMillis > 0) {
      polled.bytes().putInt(POLLFD, openFd());
      polled.bytes().putInt(POLLFD_EVENTS, LibC.POLLIN);
      LibC.poll(polled.address(), 1, timeoutMillis);
      frame = read();
    }
    return frame;
  }

  private byte[] read() {
    long length = LibC.read(openFd(), incoming.address(), FRAME_BYTES_MAX);
    if (length < 0) {
      int errno = NativeAccess.errno();
      if (errno == Errno.EAGAIN || errno == Errno.EINTR) {
        return null;
      }
      throw new TapException(
          "cannot read from network interface " + name + ": errno=" + Errno.name(errno));
    }
    byte[] frame = new byte[(int) length];
    incoming.bytes().get(0, frame);
    return frame;
  }

  /**
   * Sends a frame; like any network, the host may lose it (its queue is full, the link is down).
   * Any thread may call it.
   */
  public synchronized void send(byte[] frame) {
    outgoing.bytes().put(0, frame);
    // The result does not matter: who needs a frame sends it again.
    LibC.write(openFd(), outgoing.address(), frame.length);
  }

  private int openFd() {
    if (fd == CLOSED) {
      throw new IllegalStateException("TAP device is closed: name=" + name);
    }
    return fd;
  }

  @Override
  public void close() {
    if (fd != CLOSED) {
      LibC.close(fd);
      fd = CLOSED;
      incoming.close();
      outgoing.close();
      polled.close();
    }
  }
}
