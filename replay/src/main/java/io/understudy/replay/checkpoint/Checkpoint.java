package io.understudy.replay.checkpoint;

import io.understudy.log.LogPosition;
import io.understudy.schemas.VmId;
import java.util.Arrays;
import java.util.Objects;
import java.util.UUID;

/**
 * Identity and content of one checkpoint except its memory pages. Immutable; equal by content.
 *
 * @param vm the virtual machine
 * @param run the run of that machine
 * @param epoch last epoch that is contained, from 0
 * @param position number of deterministic exits so far
 * @param term leadership under which the epoch was committed
 * @param log where reading the log continues: with the epoch after this one
 * @param registersDigest digest of the vCPU state at the end of the epoch
 * @param devicesDigest digest of the device state at the end of the epoch
 * @param memoryDigest digest of guest memory at the end of the epoch
 * @param machineState vCPU and devices, in a versioned encoding that the store does not look into;
 *     copied in and out
 * @param pageCount pages of guest memory, whether ever written or not
 * @param pageSize bytes of a page
 */
@SuppressWarnings("ArrayRecordComponent") // Copied in and out, equality by content.
public record Checkpoint(
    VmId vm,
    UUID run,
    long epoch,
    long position,
    long term,
    LogPosition log,
    long registersDigest,
    long devicesDigest,
    long memoryDigest,
    byte[] machineState,
    int pageCount,
    int pageSize) {

  public Checkpoint {
    Objects.requireNonNull(vm, "vm");
    Objects.requireNonNull(run, "run");
    Objects.requireNonNull(log, "log");
    requireNotNegative("epoch", epoch);
    requireNotNegative("position", position);
    requireNotNegative("term", term);
    if (log.chain().nextEpoch() != epoch + 1) {
      throw new IllegalArgumentException(
          "the log must continue after the epoch of the checkpoint: epoch="
              + epoch
              + " nextEpoch="
              + log.chain().nextEpoch());
    }
    if (pageCount < 1 || pageSize < 1) {
      throw new IllegalArgumentException(
          "a machine has memory: pageCount=" + pageCount + " pageSize=" + pageSize);
    }
    machineState = machineState.clone();
  }

  private static void requireNotNegative(String name, long value) {
    if (value < 0) {
      throw new IllegalArgumentException(name + " must not be negative: " + name + "=" + value);
    }
  }

  @Override
  public byte[] machineState() {
    return machineState.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Checkpoint that
        && vm.equals(that.vm)
        && run.equals(that.run)
        && epoch == that.epoch
        && position == that.position
        && term == that.term
        && log.equals(that.log)
        && registersDigest == that.registersDigest
        && devicesDigest == that.devicesDigest
        && memoryDigest == that.memoryDigest
        && Arrays.equals(machineState, that.machineState)
        && pageCount == that.pageCount
        && pageSize == that.pageSize;
  }

  @Override
  public int hashCode() {
    return Objects.hash(vm, run, epoch, position, memoryDigest);
  }

  /** Without the machine state, which is long and says nothing to a reader. */
  @Override
  public String toString() {
    return "Checkpoint[vm="
        + vm
        + ", run="
        + run
        + ", epoch="
        + epoch
        + ", position="
        + position
        + ", term="
        + term
        + ", machineStateBytes="
        + machineState.length
        + ", pageCount="
        + pageCount
        + ", pageSize="
        + pageSize
        + "]";
  }
}
