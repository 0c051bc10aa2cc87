package io.understudy.failover.node;

import io.understudy.capture.console.OutputBuffer;
import io.understudy.capture.network.FrameOutput;
import io.understudy.machine.MachineSnapshot;
import io.understudy.replay.HeldOutput;

/** What a node's machine puts out, held until it may leave, as a primary and as a standby. */
final class NodeOutput implements HeldOutput {
  private final OutputBuffer console = new OutputBuffer();
  private final FrameOutput frames = new FrameOutput();

  OutputBuffer console() {
    return console;
  }

  FrameOutput frames() {
    return frames;
  }

  @Override
  public void accept(byte value) {
    console.append(value);
  }

  @Override
  public void frame(byte[] frame) {
    frames.append(frame);
  }

  @Override
  public MachineSnapshot.Held held() {
    OutputBuffer.Held held = console.held();
    return new MachineSnapshot.Held(held.start(), held.bytes());
  }

  @Override
  public void restore(MachineSnapshot.Held held, long framesSent) {
    console.restore(new OutputBuffer.Held(held.start(), held.start(), held.bytes()));
    frames.restartAt(framesSent);
  }

  @Override
  public void released(long offset, long framesReleased) {
    console.prune(offset);
    frames.prune(framesReleased);
  }
}
