/**
 * Snapshots of a machine that runs: its pages are copied in rounds beside the guest, each round
 * what was written during the one before, and the last, small one with the guest standing still at
 * an epoch's boundary. A snapshot is what a standby's checkpoint is, and says so only when its
 * epoch is in the log.
 *
 * <p>Three threads meet in {@link io.understudy.capture.snapshot.CloneRounds}: the vCPU thread at
 * each mark, the committer thread, and the one that copies.
 */
package io.understudy.capture.snapshot;
