/**
 * Replay: applies committed epochs to a machine at exactly the positions where they were recorded,
 * verifies every one, and checkpoints the machine with the place in the log that continues it.
 *
 * <p>Nothing of a machine that replays reaches the outside. One thread, the vCPU thread, runs it.
 */
package io.understudy.replay;
