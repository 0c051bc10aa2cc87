package io.understudy.capture.snapshot;

import io.understudy.machine.Machine;
import io.understudy.machine.MachineSnapshot;
import io.understudy.schemas.EventRecord;
import java.util.BitSet;
import java.util.function.Supplier;

/** A real machine, with the console output that the world may not have. */
final class LiveMachine implements ClonedMachine {
  private final Machine machine;
  private final EventRecord header;
  private final Supplier<MachineSnapshot.Held> console;

  LiveMachine(Machine machine, EventRecord header, Supplier<MachineSnapshot.Held> console) {
    this.machine = machine;
    this.header = header;
    this.console = console;
  }

  @Override
  public Machine.Writes takeWrites() {
    return machine.takeWrites();
  }

  @Override
  public BitSet presentPages() {
    return machine.presentPages();
  }

  @Override
  public int pageCount() {
    return machine.pageCount();
  }

  @Override
  public int memoryPageCount() {
    return machine.memoryPageCount();
  }

  @Override
  public void readPage(int number, byte[] target) {
    machine.readPage(number, target);
  }

  @Override
  public byte[] state() {
    return new MachineSnapshot(header, console.get(), machine.save()).encode();
  }
}
