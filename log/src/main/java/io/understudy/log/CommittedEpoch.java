package io.understudy.log;

/**
 * An epoch that is in the log for good: its outputs may be released. Immutable.
 *
 * @param number the epoch, from 0
 * @param term the term it was committed in, from 1
 * @param next what the next epoch continues
 * @param sizeBytes bytes of all its record values, before compression
 */
public record CommittedEpoch(long number, long term, ChainState next, long sizeBytes) {}
