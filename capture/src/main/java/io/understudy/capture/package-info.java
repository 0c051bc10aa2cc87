/**
 * Capture: runs a machine in the live world, records every input with the position at which the
 * guest saw it, commits the record to the log in epochs, and lets output leave only when the epoch
 * behind it is committed.
 *
 * <p>Threads: the vCPU thread runs the {@link io.understudy.capture.Recorder}, the committer thread
 * the {@link io.understudy.capture.EpochCommitter}, network threads hand over console input. They
 * meet in {@link io.understudy.capture.HandOver} and nowhere else.
 */
package io.understudy.capture;
