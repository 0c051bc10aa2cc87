package io.understudy.log;

/** Port: is told the records behind the epochs that an {@link EpochReader} hands out. */
interface RecordObserver {
  /**
   * A record was accepted: it continues the run. Called on the reader's thread, in log order, for
   * every record of an epoch before that epoch is handed out, and for none of a later one.
   */
  void accepted(EvidenceRecord record);
}
