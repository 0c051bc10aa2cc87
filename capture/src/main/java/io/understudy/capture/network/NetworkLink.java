package io.understudy.capture.network;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A live guest's connection to a network: a thread of its own hands frames from outside to the
 * machine, and tells the network's switches where the guest's address is now.
 *
 * <p>{@link #goLive} and {@link #close} belong to the node's thread; {@link #send} to the
 * committer.
 */
public final class NetworkLink implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(NetworkLink.class);
  private static final int POLL_MILLIS = 50;
  private static final int FRAME_MIN_BYTES = 14;
  private static final int FRAME_MAX_BYTES = 1514;

  /** More than an interface queues; what is left is lost in the guest like any stale frame. */
  private static final int STALE_FRAMES_MAX = 10_000;

  /**
   * Announcements may be lost like any frame, and a switch that has just lost a port may need
   * seconds until it forwards again: the last one leaves 3 s after the first. QEMU, too, sends
   * several.
   */
  private static final int ANNOUNCEMENTS = 7;

  private static final short ETHERTYPE_RARP = (short) 0x8035;
  private static final int RARP_FRAME_BYTES = 60;

  private final FramePort port;
  private final byte[] macAddress;
  private Thread reader;
  private volatile boolean stopped;

  /**
   * A link over which nothing flows yet.
   *
   * @param port owned from here on
   * @param macAddress the guest's, as {@code 52:54:00:12:34:56}
   */
  public NetworkLink(FramePort port, String macAddress) {
    this.port = port;
    this.macAddress = HexFormat.ofDelimiter(":").parseHex(macAddress);
  }

  /**
   * Frames flow from now on. What came before is thrown away: it was for whoever led before.
   *
   * @param receiver takes a frame, or loses it
   */
  public void goLive(Consumer<byte[]> receiver) {
    // Bounded: on a busy network there may always be another one.
    for (int count = 0; count < STALE_FRAMES_MAX && port.receive(0) != null; count++) {
      // Thrown away.
    }
    reader = new Thread(() -> read(receiver), "network");
    reader.setDaemon(true);
    reader.start();
  }

  private void read(Consumer<byte[]> receiver) {
    int announced = 0;
    long announceAt = System.nanoTime();
    long wait = POLL_MILLIS * 1_000_000L;
    try {
      while (!stopped) {
        if (announced < ANNOUNCEMENTS && System.nanoTime() - announceAt >= 0) {
          port.send(announcement());
          announced++;
          announceAt = System.nanoTime() + wait;
          wait *= 2;
        }
        byte[] frame = port.receive(POLL_MILLIS);
        if (frame != null && frame.length >= FRAME_MIN_BYTES && frame.length <= FRAME_MAX_BYTES) {
          receiver.accept(frame);
        }
      }
    } catch (RuntimeException failure) {
      LOG.warn("the guest is cut off from its network: {}", failure.toString());
    }
  }

  /**
   * A reverse ARP request of the guest's address to everybody: no host answers, every switch
   * learns. Layout: RFC 903; the same frame as QEMU's (net/announce.c).
   */
  private byte[] announcement() {
    byte[] broadcast = new byte[6];
    Arrays.fill(broadcast, (byte) 0xff);
    ByteBuffer frame = ByteBuffer.allocate(RARP_FRAME_BYTES);
    frame.put(broadcast).put(macAddress).putShort(ETHERTYPE_RARP);
    frame.putShort((short) 1).putShort((short) 0x0800); // Ethernet, IPv4
    frame.put((byte) 6).put((byte) 4).putShort((short) 3); // lengths, request reverse
    frame.put(macAddress).putInt(0).put(macAddress).putInt(0);
    return frame.array();
  }

  /** Sends a frame of the guest. */
  public void send(byte[] frame) {
    port.send(frame);
  }

  @Override
  public void close() {
    stopped = true;
    try {
      if (reader != null) {
        reader.join();
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      return; // The port stays open: the reader may be in it.
    }
    port.close();
  }
}
