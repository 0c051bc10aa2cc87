package io.understudy.capture;

import io.understudy.capture.console.ConsoleServer;
import io.understudy.capture.network.FrameOutput;
import io.understudy.log.EpochDraft;
import java.time.Duration;
import java.util.function.Consumer;

/** Console and network as the gate of a machine's output. */
public final class LiveGate implements OutputGate {
  /** How long a front that is attached may take for the guest's last words. */
  private static final Duration FINISH_TIMEOUT = Duration.ofSeconds(5);

  private final ConsoleServer console;
  private final FrameOutput frames;
  private final Consumer<byte[]> network;
  private final Duration frontPatience;

  /**
   * A gate that is closed.
   *
   * @param console stays the caller's
   * @param frames holds what the guest sends
   * @param network takes what may leave
   * @param frontPatience how long the last words wait for a front that is not there; zero if it
   *     would have come long since
   */
  public LiveGate(
      ConsoleServer console, FrameOutput frames, Consumer<byte[]> network, Duration frontPatience) {
    this.console = console;
    this.frames = frames;
    this.network = network;
    this.frontPatience = frontPatience;
  }

  @Override
  public void committed(EpochDraft.Mark mark) {
    console.committed(mark.inputOffset(), mark.outputOffset());
    frames.release(mark.framesSent(), network);
  }

  @Override
  public long releasedOffset() {
    return console.output().releasedByPeer();
  }

  @Override
  public long releasedFrames() {
    return frames.released();
  }

  @Override
  public boolean hasRoom() {
    return console.output().hasRoom() && frames.hasRoom();
  }

  @Override
  public void finish(String reason) {
    // Frames have left with the commit. Without a front nobody would take anything.
    if (console.awaitAttached(frontPatience)) {
      console.finish(reason, FINISH_TIMEOUT);
    }
  }

  @Override
  public void stop(String reason) {
    frames.stop();
    console.stop(reason);
  }
}
