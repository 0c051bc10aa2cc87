package io.understudy.replay;

import io.understudy.log.Epoch;
import io.understudy.log.EpochSource;
import io.understudy.machine.Machine;
import io.understudy.replay.checkpoint.Checkpoint;
import io.understudy.replay.checkpoint.CheckpointStore;
import io.understudy.schemas.EventRecord;

/**
 * Where a standby begins.
 *
 * @param header the run's first event
 * @param source the log, at the place where the machine is
 * @param store its checkpoints
 * @param machine at power-on, or as a checkpoint has it
 * @param unapplied an epoch that was read from {@code source} already, or null
 * @param checkpoint the store's newest checkpoint, which is what the machine is; null at power-on
 */
record StandbyStart(
    EventRecord header,
    EpochSource source,
    CheckpointStore store,
    Machine machine,
    Epoch unapplied,
    Checkpoint checkpoint) {}
