package io.understudy.capture;

import io.understudy.capture.console.ConsoleServer;

/** The console as the gate of a machine's output. */
public final class ConsoleGate implements OutputGate {
  private final ConsoleServer console;

  /** A gate over {@code console}, which stays the caller's. */
  public ConsoleGate(ConsoleServer console) {
    this.console = console;
  }

  @Override
  public void committed(long inputOffset, long outputOffset) {
    console.committed(inputOffset, outputOffset);
  }

  @Override
  public long releasedOffset() {
    return console.output().releasedByPeer();
  }

  @Override
  public boolean hasRoom() {
    return console.output().hasRoom();
  }

  @Override
  public void stop(String reason) {
    console.stop(reason);
  }
}
