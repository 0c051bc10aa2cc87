package io.understudy.capture.network;

import io.understudy.kvm.TapDevice;

/** A TAP interface as a {@link FramePort}. */
public final class TapPort implements FramePort {
  private final TapDevice tap;

  /**
   * Attaches to an interface.
   *
   * @throws io.understudy.kvm.TapException if that is impossible
   */
  public TapPort(String name) {
    this.tap = TapDevice.open(name);
  }

  /** The interface's name. */
  public String name() {
    return tap.name();
  }

  @Override
  public byte[] receive(int timeoutMillis) {
    return tap.receive(timeoutMillis);
  }

  @Override
  public void send(byte[] frame) {
    tap.send(frame);
  }

  @Override
  public void close() {
    tap.close();
  }
}
