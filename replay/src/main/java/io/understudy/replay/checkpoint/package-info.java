/**
 * The checkpoint store of a standby: complete machine states with the log positions that continue
 * them, kept on local disk.
 *
 * <p>Guarantees: a checkpoint is visible only when its machine state, its log position and all its
 * pages are on disk together; what is read back is verified end to end, so damage ends in a {@link
 * io.understudy.replay.checkpoint.CheckpointDamagedException} and never in wrong data; nothing that
 * was damaged is deleted without an explicit order.
 *
 * <p>Thread rule: a store serves one caller at a time and is guarded by a lock of its own, because
 * a call into a closed RocksDB would end the whole process.
 */
package io.understudy.replay.checkpoint;
