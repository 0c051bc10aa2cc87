package io.understudy.capture.snapshot;

import io.understudy.machine.Machine;
import java.util.BitSet;

/**
 * Port: a running machine as its snapshots see it. All but {@link #readPage} is asked by the vCPU
 * thread, right after a digest.
 */
interface ClonedMachine {
  /** As {@link Machine#takeWrites}. */
  Machine.Writes takeWrites();

  /** As {@link Machine#presentPages}. */
  BitSet presentPages();

  /** Pages of memory and disk together. */
  int pageCount();

  /** How many of them are memory; the others are not zero where nobody has written. */
  int memoryPageCount();

  /** Copies a page, as {@link Machine#readPage}; any thread. */
  void readPage(int number, byte[] target);

  /** Everything but the pages, as a checkpoint has it. */
  byte[] state();
}
