package io.understudy.failover.node;

import io.understudy.capture.console.OutputBuffer;
import io.understudy.replay.ReplayConsole;

/** A console's output buffer as a standby sees it. */
final class HeldConsole implements ReplayConsole {
  private final OutputBuffer output;

  HeldConsole(OutputBuffer output) {
    this.output = output;
  }

  @Override
  public void accept(byte value) {
    output.append(value);
  }

  @Override
  public Held held() {
    OutputBuffer.Held held = output.held();
    return new Held(held.start(), held.bytes());
  }

  @Override
  public void restore(Held held) {
    output.restore(new OutputBuffer.Held(held.start(), held.start(), held.bytes()));
  }

  @Override
  public void released(long offset) {
    output.prune(offset);
  }
}
