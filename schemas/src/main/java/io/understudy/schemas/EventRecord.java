package io.understudy.schemas;

import static java.util.Objects.requireNonNull;

import java.util.UUID;

/**
 * One event with its place in history: what one record of an event topic holds. Immutable.
 *
 * @param vm id of the virtual machine, see {@link VmId}
 * @param run the run
 * @param term number of the leadership that wrote it, from 1
 * @param epoch epoch it is committed with, from 0 without gaps
 * @param sequence number of the event in its run, from 0 without gaps; a mark has its own
 * @param position logical time: deterministic exits of the guest before it is applied, from 0
 * @param rip guest instruction pointer there, unsigned
 * @param registers 64-bit digest of the vCPU registers there
 * @param event what happened
 */
public record EventRecord(
    String vm,
    UUID run,
    long term,
    long epoch,
    long sequence,
    long position,
    long rip,
    long registers,
    GuestEvent event) {
  /** Refuses values outside the documented ranges with an {@link IllegalArgumentException}. */
  public EventRecord {
    VmId.requireLegal(vm);
    requireNonNull(run, "run");
    Checks.atLeast(1, "term", term);
    Checks.atLeast(0, "epoch", epoch);
    Checks.atLeast(0, "sequence", sequence);
    Checks.atLeast(0, "position", position);
    requireNonNull(event, "event");
  }
}
