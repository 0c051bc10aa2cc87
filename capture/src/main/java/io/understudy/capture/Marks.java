package io.understudy.capture;

import io.understudy.log.EpochDraft;
import io.understudy.machine.Landmark;
import io.understudy.machine.Machine;
import io.understudy.machine.StateDigest;

/** Describes a machine at an epoch's boundary. */
final class Marks {
  private Marks() {}

  static EpochDraft.Mark of(Machine machine, OutputGate gate) {
    StateDigest digest = machine.digest();
    Landmark landmark = machine.landmark();
    return new EpochDraft.Mark(
        machine.position(),
        landmark.rip(),
        landmark.registers(),
        digest.registers(),
        digest.devices(),
        digest.memory(),
        machine.inputOffset(),
        machine.outputOffset(),
        gate.releasedOffset(),
        machine.virtualNanos(),
        machine.framesSent(),
        gate.releasedFrames());
  }
}
