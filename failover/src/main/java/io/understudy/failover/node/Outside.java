package io.understudy.failover.node;

import io.understudy.capture.LiveGate;
import io.understudy.capture.LiveRun;
import io.understudy.capture.console.ConsoleServer;
import io.understudy.capture.console.ConsoleSettings;
import io.understudy.capture.console.LiveConsole;
import io.understudy.capture.network.NetworkLink;
import io.understudy.capture.network.TapPort;
import io.understudy.machine.Machine;
import io.understudy.machine.RunRefusedException;
import io.understudy.schemas.Attachments;
import java.time.Duration;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * What connects a node's machine with the world: console and network. Closed until the node leads.
 *
 * <p>Owned by the vCPU thread.
 */
final class Outside implements AutoCloseable {
  /** Fronts look for a leader several times a second. */
  private static final Duration FRONT_PATIENCE = Duration.ofSeconds(10);

  private final NodeOutput output = new NodeOutput();
  private final ConsoleServer console;
  private final TapPort tap;
  private NetworkLink network;

  private Outside(NodeSettings settings, TapPort tap, Consumer<Throwable> onFailure) {
    this.tap = tap;
    this.console =
        ConsoleServer.open(
            ConsoleSettings.of(settings.vm().text(), settings.consoleListen()),
            output.console(),
            onFailure);
    console.start();
  }

  /**
   * Opens everything, so that what is missing is missed now and not when it is needed.
   *
   * @param onFailure told when the console fails
   * @throws io.understudy.kvm.TapException if the TAP interface cannot be used
   */
  static Outside open(NodeSettings settings, Consumer<Throwable> onFailure) {
    TapPort tap = settings.tap().isEmpty() ? null : new TapPort(settings.tap());
    try {
      return new Outside(settings, tap, onFailure);
    } catch (RuntimeException | Error failure) {
      if (tap != null) {
        tap.close();
      }
      throw failure;
    }
  }

  /**
   * Compares what is here with what the run's machine has.
   *
   * @throws RunRefusedException if a network card would be connected to nothing, or there is none
   */
  void accept(Attachments attachments) {
    if (attachments.hasNetwork() && tap == null) {
      throw new RunRefusedException(
          "the run has a network card: name the TAP interface that connects it, with --tap:"
              + " macAddress="
              + attachments.macAddress());
    }
    if (!attachments.hasNetwork() && tap != null) {
      throw new RunRefusedException(
          "the run does not have a network card: leave --tap out: " + tap.name());
    }
    if (tap != null && network == null) {
      network = new NetworkLink(tap, attachments.macAddress());
    }
  }

  /** Whether a front is attached; any thread. */
  boolean isConsoleAttached() {
    return console.isAttached();
  }

  NodeOutput output() {
    return output;
  }

  ConsoleServer console() {
    return console;
  }

  /**
   * The gate of everything that the machine puts out.
   *
   * @param hasEnded whether the guest has ended already: its last words then wait for a front,
   *     which has only begun to look for its new leader
   */
  LiveGate gate(boolean hasEnded) {
    return new LiveGate(
        console,
        output.frames(),
        network == null ? nobody -> {} : network::send,
        hasEnded ? FRONT_PATIENCE : Duration.ZERO);
  }

  /** Input flows from now on. */
  void goLive(UUID run, long term, Machine machine, LiveRun leadership) {
    console.goLive(
        new LiveConsole(
            run, term, machine.inputOffset(), machine.outputOffset(), leadership::offerInput));
    if (network != null) {
      network.goLive(leadership::offerFrame);
    }
  }

  @Override
  public void close() {
    try (console) {
      if (network != null) {
        network.close();
      } else if (tap != null) {
        tap.close();
      }
    }
  }
}
