package io.understudy.machine.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.machine.virtio.VirtioTestDriver.Buffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tag;
import net.jqwik.api.Tuple;

/**
 * Runs random histories on all virtio devices and the keyboard controller, well-behaved and not:
 * nothing is ever thrown, and a machine that was saved and restored into a dirty one cannot be told
 * from the one that was not, by answers, output, memory, disk, interrupts or state.
 */
@Tag("simulation")
class VirtioDevicesSimulationTest {

  /** One thing that happens to the devices; the answer, if any, is what is compared. */
  private record Step(String text, Action action) {
    @Override
    public String toString() {
      return text;
    }
  }

  private interface Action {
    int apply(VirtioTestMachine machine);
  }

  /** Where the drivers of these histories put the queue {@code index} of a slot. */
  private static long queueAddress(int slot, int index) {
    return 0x10000L * slot + 0x4000L * index;
  }

  @Property(tries = 300)
  void survivesRestore(@ForAll("history") List<Step> before, @ForAll("history") List<Step> after) {
    VirtioTestMachine original = started();
    before.forEach(step -> step.action().apply(original));
    VirtioTestMachine restored = started();
    // A field that restore forgets must not be right by default.
    restored.ports.out(0xCF8, 4, 0x8000_1010);
    restored.ports.out(0xCFC, 4, 0x7000);
    restored.console.receive(new byte[10]);
    restored.net.receive(new byte[60]);
    for (int slot = 1; slot <= 5; slot++) {
      restored.ports.out(0xC000 + 64 * slot + VirtioTestDriver.QUEUE_NOTIFY, 2, slot == 3 ? 1 : 0);
    }

    original.copyTo(restored);
    int frames = original.frames.size();
    int printed = original.printed.size();
    restored.frames.clear();
    restored.printed.reset();

    assertThat(restored.devices.save()).isEqualTo(original.devices.save());
    for (Step step : after) {
      int expected = step.action().apply(original);
      assertThat(step.action().apply(restored)).as("answer of %s", step).isEqualTo(expected);
      assertThat(restored.pic.save())
          .as("interrupts after %s", step)
          .isEqualTo(original.pic.save());
    }
    assertThat(restored.devices.save()).isEqualTo(original.devices.save());
    assertThat(restored.keyboard.save()).isEqualTo(original.keyboard.save());
    assertThat(restored.disk.digest()).isEqualTo(original.disk.digest());
    assertThat(Arrays.equals(restored.ram.toArray(), original.ram.toArray()))
        .as("same memory")
        .isTrue();
    assertThat(restored.frames)
        .containsExactlyElementsOf(original.frames.subList(frames, original.frames.size()));
    byte[] all = original.printed.toByteArray();
    assertThat(restored.printed.toByteArray())
        .isEqualTo(Arrays.copyOfRange(all, printed, all.length));
  }

  /** A machine whose queues are all in place. */
  private static VirtioTestMachine started() {
    VirtioTestMachine machine = new VirtioTestMachine();
    for (int slot = 1; slot <= 5; slot++) {
      restart(machine, slot);
    }
    return machine;
  }

  private static void restart(VirtioTestMachine machine, int slot) {
    VirtioTestDriver driver = machine.driver(slot);
    driver.out(VirtioTestDriver.STATUS, 1, 0);
    for (int index = 0; index < 2; index++) {
      driver.out(VirtioTestDriver.QUEUE_SELECT, 2, index);
      driver.out(VirtioTestDriver.QUEUE_PAGE, 4, (int) (queueAddress(slot, index) >> 12));
      machine.ram.writeInt(queueAddress(slot, index) + 16L * queueSize(slot), 0);
    }
    driver.out(VirtioTestDriver.STATUS, 1, 7);
  }

  private static int queueSize(int slot) {
    return switch (slot) {
      case VirtioTestMachine.NET_SLOT -> 256;
      case VirtioTestMachine.CONSOLE_SLOT -> 64;
      case VirtioTestMachine.RNG_SLOT -> 8;
      default -> 128;
    };
  }

  @Provide
  Arbitrary<List<Step>> history() {
    return Arbitraries.frequencyOf(
            Tuple.of(8, requests()),
            Tuple.of(3, outside()),
            Tuple.of(2, reads()),
            Tuple.of(1, writes()),
            Tuple.of(1, configurations()),
            Tuple.of(1, restarts()),
            Tuple.of(1, breaches()),
            Tuple.of(1, scribbles()))
        .list()
        .ofMaxSize(50);
  }

  /** Requests of all shapes; most make sense to their device. */
  private static Arbitrary<Step> requests() {
    Arbitrary<Integer> slots = Arbitraries.integers().between(1, 5);
    Arbitrary<Integer> queues = Arbitraries.of(0, 0, 1, 1, 1, 2);
    Arbitrary<Integer> types = Arbitraries.of(0, 0, 1, 1, 1, 4, 8, 99);
    Arbitrary<Integer> sectors = Arbitraries.of(0, 1, 7, 8, 100, 202, 203, 1 << 30);
    Arbitrary<Integer> lengths = Arbitraries.of(0, 1, 24, 70, 512, 1024, 1524, 4096, 5000);
    Arbitrary<Boolean> isFilled = Arbitraries.of(true, false);
    return Combinators.combine(slots, queues, types, sectors, lengths, isFilled)
        .as(
            (slot, queue, type, sector, length, filled) ->
                new Step(
                    String.format(
                        Locale.ROOT,
                        "request slot=%d queue=%d type=%d sector=%d length=%d filled=%b",
                        slot,
                        queue,
                        type,
                        sector,
                        length,
                        filled),
                    machine -> request(machine, slot, queue, type, sector, length, filled)));
  }

  private static int request(
      VirtioTestMachine machine,
      int slot,
      int queue,
      int type,
      int sector,
      int length,
      boolean isFilled) {
    ByteArrayRam ram = machine.ram;
    long data = 0x80000 + 0x2000L * sector % 0x40000;
    long header = 0x70000 + 32L * type;
    ram.writeInt(header, type);
    ram.writeLong(header + 8, sector);
    if (isFilled) {
      ram.write(data, VirtioTestMachine.pattern(length + type));
    }
    List<Buffer> buffers = new ArrayList<>();
    boolean isToDevice = type == 1;
    if (slot != VirtioTestMachine.RNG_SLOT) {
      buffers.add(new Buffer(header, 16, slot == VirtioTestMachine.CONSOLE_SLOT && !isToDevice));
    }
    buffers.addAll(VirtioTestDriver.split(new Buffer(data, length, !isToDevice), 1 + length / 3));
    buffers.add(new Buffer(data + 0x1800, 1, true));
    offer(machine, slot, queue, buffers);
    // Where the window was at first: another step may have moved it.
    machine.ports.out(0xC000 + 64 * slot + VirtioTestDriver.QUEUE_NOTIFY, 2, queue);
    return 0;
  }

  /** Puts a request into the ring at its next place, in descriptors that are not looked after. */
  private static void offer(VirtioTestMachine machine, int slot, int queue, List<Buffer> buffers) {
    ByteArrayRam ram = machine.ram;
    int size = queueSize(slot);
    long base = queueAddress(slot, queue);
    long available = base + 16L * size;
    int index = ram.readShort(available + 2);
    int head = index * 5 % size;
    for (int position = 0; position < buffers.size(); position++) {
      Buffer buffer = buffers.get(position);
      long descriptor = base + 16L * ((head + position) % size);
      ram.writeLong(descriptor, buffer.address());
      ram.writeInt(descriptor + 8, buffer.length());
      ram.writeShort(
          descriptor + 12,
          (buffer.isWritable() ? VirtioTestDriver.WRITE : 0)
              | (position + 1 < buffers.size() ? VirtioTestDriver.NEXT : 0));
      ram.writeShort(descriptor + 14, (head + position + 1) % size);
    }
    ram.writeShort(available + 4 + 2L * (index % size), head);
    ram.writeShort(available + 2, index + 1);
  }

  private static Arbitrary<Step> outside() {
    Arbitrary<Step> frames =
        Arbitraries.of(14, 60, 1000, 1514)
            .map(
                length ->
                    new Step(
                        "frame " + length,
                        machine -> {
                          boolean isExpected = machine.net.hasReceiveBuffer();
                          machine.net.receive(VirtioTestMachine.pattern(length));
                          return isExpected ? 1 : 0;
                        }));
    Arbitrary<Step> console =
        Arbitraries.of(0, 1, 100, 6000)
            .map(
                length ->
                    new Step(
                        "console " + length,
                        machine -> {
                          if (length <= machine.console.receiveRoom()) {
                            machine.console.receive(VirtioTestMachine.pattern(length));
                          }
                          return machine.console.receiveRoom();
                        }));
    return Arbitraries.oneOf(frames, console);
  }

  private static Arbitrary<Step> reads() {
    return Combinators.combine(registers(), Arbitraries.of(1, 1, 2, 4))
        .as(
            (port, size) ->
                new Step(
                    "in " + Integer.toHexString(port) + "/" + size,
                    machine -> machine.ports.in(port, size)));
  }

  private static Arbitrary<Step> writes() {
    Arbitrary<Integer> values =
        Arbitraries.oneOf(
            Arbitraries.of(0, 1, 2, 4, 7, 0x80, 0x10, 0x20, 0x60, 0xAA, 0x405, -1),
            Arbitraries.of(0x8000_0004, 0x8000_0810, 0x8000_1004, 0x8000_183C, 0xC041, 0xC0C0),
            Arbitraries.integers());
    return Combinators.combine(registers(), Arbitraries.of(1, 2, 4), values)
        .as(
            (port, size, value) ->
                new Step(
                    "out "
                        + Integer.toHexString(port)
                        + "/"
                        + size
                        + " "
                        + Integer.toHexString(value),
                    machine -> {
                      machine.ports.out(port, size, value);
                      return machine.reset.resetRequested() ? 1 : 0;
                    }));
  }

  /** Writes to what can be written of the configuration space. */
  private static Arbitrary<Step> configurations() {
    return Combinators.combine(
            Arbitraries.integers().between(0, 6),
            Arbitraries.of(0x04, 0x0C, 0x10, 0x3C),
            Arbitraries.of(0, 1, 0x401, 0x5010, 0xC042, -1))
        .as(
            (slot, offset, value) ->
                new Step(
                    "config slot=" + slot + " offset=" + offset + " " + Integer.toHexString(value),
                    machine -> {
                      machine.ports.out(0xCF8, 4, 0x8000_0000 | slot << 11 | offset);
                      machine.ports.out(0xCFC, 4, value);
                      return machine.ports.in(0xCFC, 4);
                    }));
  }

  private static Arbitrary<Integer> registers() {
    return Arbitraries.oneOf(
        Arbitraries.integers().between(0xC040, 0xC17F),
        Arbitraries.of(1, 2, 3, 4, 5).map(slot -> 0xC000 + 64 * slot + VirtioTestDriver.STATUS),
        Arbitraries.of(1, 2, 3, 4, 5).map(slot -> 0xC000 + 64 * slot + VirtioTestDriver.ISR),
        Arbitraries.of(0x60, 0x64),
        Arbitraries.integers().between(0xCF8, 0xCFF));
  }

  private static Arbitrary<Step> restarts() {
    return Arbitraries.integers()
        .between(1, 5)
        .map(
            slot ->
                new Step(
                    "restart " + slot,
                    machine -> {
                      // Puts the window back as well, where another step may have moved it.
                      machine.ports.out(0xCF8, 4, 0x8000_0010 | slot << 11);
                      machine.ports.out(0xCFC, 4, 0xC000 + 64 * slot);
                      machine.ports.out(0xCF8, 4, 0x8000_0004 | slot << 11);
                      machine.ports.out(0xCFC, 2, 1);
                      restart(machine, slot);
                      return 0;
                    }));
  }

  /** Breaks the rules of a queue, and so the device. */
  private static Arbitrary<Step> breaches() {
    return Combinators.combine(
            Arbitraries.integers().between(1, 5), Arbitraries.of(0, 1), Arbitraries.of(0, 1, 2))
        .as(
            (slot, queue, kind) ->
                new Step(
                    "breach " + kind + " slot=" + slot + " queue=" + queue,
                    machine -> {
                      long available = queueAddress(slot, queue) + 16L * queueSize(slot);
                      switch (kind) {
                        case 0 ->
                            offer(machine, slot, queue, List.of(new Buffer(1L << 40, 32, false)));
                        case 1 ->
                            machine.ram.writeShort(
                                available + 2, machine.ram.readShort(available + 2) + 999);
                        default -> {
                          int window = 0xC000 + 64 * slot;
                          machine.ports.out(window + VirtioTestDriver.QUEUE_SELECT, 2, queue);
                          machine.ports.out(window + VirtioTestDriver.QUEUE_PAGE, 4, -2);
                        }
                      }
                      machine.ports.out(
                          0xC000 + 64 * slot + VirtioTestDriver.QUEUE_NOTIFY, 2, queue);
                      return machine.devices.functions().get(slot - 1).fault().code();
                    }));
  }

  /** Overwrites parts of rings and descriptors. */
  private static Arbitrary<Step> scribbles() {
    Arbitrary<Long> addresses =
        Combinators.combine(
                Arbitraries.integers().between(1, 5),
                Arbitraries.of(0, 1),
                Arbitraries.integers().between(0, 0x2FFF))
            .as((slot, queue, offset) -> queueAddress(slot, queue) + offset);
    return Combinators.combine(addresses, Arbitraries.integers())
        .as(
            (address, value) ->
                new Step(
                    "scribble " + Long.toHexString(address) + " " + Integer.toHexString(value),
                    machine -> {
                      machine.ram.writeInt(address, value);
                      return 0;
                    }));
  }
}
