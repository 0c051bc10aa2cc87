package io.understudy.machine;

import io.understudy.schemas.GuestEvent;

/** What each event does to a machine. Owned by the vCPU thread. */
final class EventEffects implements GuestEvent.Handler {
  private final Machine machine;
  private final Devices devices;

  EventEffects(Machine machine, Devices devices) {
    this.machine = machine;
    this.devices = devices;
  }

  @Override
  public void onRunStarted(GuestEvent.RunStarted event) {
    // Says what the machine was made of; it is made already.
  }

  @Override
  public void onTermStarted(GuestEvent.TermStarted event) {
    // Who leads is nothing the guest could notice.
  }

  @Override
  public void onClockAdvanced(GuestEvent.ClockAdvanced event) {
    devices.advanceClock(event.nanos());
  }

  @Override
  public void onConsoleInput(GuestEvent.ConsoleInput event) {
    devices.receive(event.bytes());
  }

  @Override
  public void onFrameReceived(GuestEvent.FrameReceived event) {
    devices.receiveFrame(event.frame());
  }

  @Override
  public void onTimeRead(GuestEvent.TimeRead event) {
    // The clock was moved in the middle of the exit, see TimeKeeper; here it is only compared.
    if (devices.clock().nanos() != event.nanos()) {
      throw new MachineException(
          "the guest did not ask for the time where the log says it did: position="
              + machine.position()
              + " nanos expected="
              + event.nanos()
              + " actual="
              + devices.clock().nanos());
    }
  }

  @Override
  public void onPreempted(GuestEvent.Preempted event) {
    machine.preempted(event.instructions());
  }

  @Override
  public void onStateTransferred(GuestEvent.StateTransferred event) {
    if (event.isLast()) {
      machine.transferred();
    }
  }

  @Override
  public void onRunEnded(GuestEvent.RunEnded event) {
    if (event.isOrdered()) {
      machine.end(event.reason());
    }
    if (machine.ended().isEmpty()) {
      throw new MachineException(
          "the log ends the run, the guest has not ended: position=" + machine.position());
    }
  }

  @Override
  public void onEpochCommitted(GuestEvent.EpochCommitted event) {
    throw new IllegalArgumentException("a mark is about the log, not for the machine");
  }
}
