package io.understudy.replay.checkpoint;

/**
 * A checkpoint with what the store must know to read its pages back whole.
 *
 * @param checkpoint what the caller gave
 * @param pagesWritten versions that were written with this checkpoint
 * @param pagesPresent pages that have a version in this checkpoint, its own or an older one
 * @param checksumSum sum of the checksums of those versions, modulo 2^64. A version that is missing
 *     or too old makes it differ although each page on its own looks right.
 */
record StoredCheckpoint(
    Checkpoint checkpoint, int pagesWritten, int pagesPresent, long checksumSum) {}
