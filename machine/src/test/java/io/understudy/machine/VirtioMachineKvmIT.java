package io.understudy.machine;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.kvm.Kvm;
import io.understudy.kvm.RequiresKvm;
import io.understudy.machine.VirtqueueImage.Part;
import io.understudy.machine.disk.FileDisk;
import io.understudy.schemas.Attachments;
import io.understudy.schemas.GuestEvent;
import io.understudy.schemas.avro.MachineState;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A machine with everything on its PCI bus, and a guest that uses it all: what was recorded happens
 * again, and goes on from any saved state.
 */
@RequiresKvm
@Timeout(120)
class VirtioMachineKvmIT {
  private static final int MEMORY_PAGES = (16 << 20) / Machine.PAGE_SIZE;
  private static final int PM_TIMER = 0x608;
  private static final long PM_TIMER_HZ = 3_579_545;
  private static final int TIMER_READS = 24;
  private static final int ROUNDS = 4;
  private static final int FRAMES_IN = 3;
  private static final int FRAME_BYTES = 60;
  private static final int NET_HEADER_BYTES = 10;

  // In the order in which the machine adds them.
  private static final int BLOCK = 1;
  private static final int NET = 2;
  private static final int CONSOLE = 3;
  private static final int RNG = 4;

  // The guest's data.
  private static final int DISK_CONTENT = 0x10000;
  private static final int DISK_ANSWER = 0x11000;
  private static final int DISK_HEADERS = 0x12000;
  private static final int FRAME_OUT = 0x13000;
  private static final int FRAMES = 0x14000;
  private static final int TEXT = 0x16000;
  private static final int RANDOM = 0x17000;
  private static final int TIMES = 0x18000;
  private static final int DATA_BYTES = 0x19000;

  private final Random random = new Random(20_24);
  private Kvm kvm;
  private MachineConfig config;
  @TempDir private Path dir;

  @BeforeEach
  void makeMachine() throws IOException {
    kvm = Kvm.open();
    byte[] image = new byte[64 * 512];
    new Random(7).nextBytes(image);
    FileDisk disk = FileDisk.read(Files.write(dir.resolve("disk"), image));
    config =
        new MachineConfig(
            guest(), 16 << 20, "", 0, 42, false, disk, "52:54:00:12:34:56", Attachments.VIRTIO);
  }

  @AfterEach
  void closeKvm() {
    kvm.close();
  }

  @Test
  void replaysTimesFramesDiskAndRandomNumbers() throws Exception {
    Recording recording = new Recording();
    Output recorded = new Output();
    try (Machine machine = Machine.powerOn(kvm, config, recorded)) {
      MachineLoop.run(machine, new Traffic(recording));
      assertUsedEverything(machine, recorded, recording);
    }
    Output replayed = new Output();
    try (Machine machine = Machine.powerOn(kvm, config, replayed)) {
      MachineLoop.run(machine, recording.replayFrom(0));
      assertThat(machine.ended()).isPresent();
    }
    assertThat(replayed.text.toByteArray()).isEqualTo(recorded.text.toByteArray());
    assertThat(replayed.frames).containsExactlyElementsOf(recorded.frames);
  }

  @Test
  void goesOnFromSavedState_withTheDisksBlocksAsPages() throws Exception {
    Recording recording = new Recording();
    try (Machine machine = Machine.powerOn(kvm, config, MachineOutput.NONE)) {
      MachineLoop.run(machine, new Traffic(recording));
    }
    List<Integer> marks = new ArrayList<>();
    for (int index = 0; index < recording.steps.size() - 1; index++) {
      if (recording.steps.get(index).event() == null) {
        marks.add(index);
      }
    }
    assertThat(marks).hasSizeGreaterThan(5);
    int withBlocks = 0;
    for (int mark : marks) {
      Map<Integer, byte[]> pages = new TreeMap<>();
      MachineState state;
      try (Machine machine = Machine.powerOn(kvm, config, MachineOutput.NONE)) {
        Recording firstHalf = new Recording();
        firstHalf.steps.addAll(recording.steps.subList(0, mark + 1));
        MachineLoop.run(machine, firstHalf.replayFrom(0));
        state = machine.save();
        machine.takeChangedPages().stream()
            .forEach(number -> pages.put(number, page(machine, number)));
        assertThat(machine.takeChangedPages().isEmpty()).as("taken once").isTrue();
      }
      withBlocks += pages.keySet().stream().anyMatch(number -> number >= MEMORY_PAGES) ? 1 : 0;
      try (Machine machine =
          Machine.restore(
              kvm, config, MachineOutput.NONE, state, sink -> pages.forEach(sink::page))) {
        BitSet loaded = machine.takeChangedPages();
        assertThat(loaded.stream().filter(number -> number >= MEMORY_PAGES).boxed())
            .as("blocks above the base image")
            .containsExactlyElementsOf(
                pages.keySet().stream().filter(number -> number >= MEMORY_PAGES).toList());
        assertThat(machine.digest()).isEqualTo(recording.steps.get(mark).digest());
        MachineLoop.run(machine, recording.replayFrom(mark + 1));
        assertThat(machine.ended()).isPresent();
      }
    }
    assertThat(withBlocks).as("states with a disk that was written").isPositive();
  }

  @Test
  void noticesADiskThatIsNotTheOneThatWasSaved() throws Exception {
    Recording recording = new Recording();
    try (Machine machine = Machine.powerOn(kvm, config, MachineOutput.NONE)) {
      MachineLoop.run(machine, new Traffic(recording));
      MachineState state = machine.save();
      Map<Integer, byte[]> pages = new TreeMap<>();
      machine.takeChangedPages().stream()
          .forEach(number -> pages.put(number, page(machine, number)));
      pages.get(MEMORY_PAGES + 1)[100] ^= 1;
      try (Machine other =
          Machine.restore(
              kvm, config, MachineOutput.NONE, state, sink -> pages.forEach(sink::page))) {
        assertThat(other.digest().memory()).isEqualTo(machine.digest().memory());
        assertThat(other.digest().devices()).isNotEqualTo(machine.digest().devices());
      }
    }
  }

  private void assertUsedEverything(Machine machine, Output output, Recording recording) {
    assertThat(machine.ended()).hasValue("guest halted with interrupts disabled");
    assertThat(output.text.toString(StandardCharsets.US_ASCII))
        .isEqualTo("Hello, world!".repeat(ROUNDS));
    assertThat(machine.outputOffset()).isEqualTo(13L * ROUNDS);
    assertThat(machine.framesSent()).isEqualTo(ROUNDS);
    assertThat(output.frames).hasSize(ROUNDS).allMatch(frame -> frame.length() == 2 * FRAME_BYTES);
    ByteBuffer random = data(machine, RANDOM, 64);
    assertThat(random.getLong(0)).as("random numbers").isNotZero();
    assertThat(data(machine, DISK_ANSWER, 512).array())
        .as("what was written to the disk is read again")
        .isEqualTo(data(machine, DISK_CONTENT, 512).array());
    assertThat(data(machine, FRAMES, 2048).get(NET_HEADER_BYTES + FRAME_BYTES - 1))
        .as("the first frame from outside")
        .isEqualTo((byte) 1);
    assertTimesAreThoseOfTheLog(machine, recording);
  }

  /** What the guest read from its clock is what the recorded time makes of it. */
  private void assertTimesAreThoseOfTheLog(Machine machine, Recording recording) {
    List<Integer> expected = new ArrayList<>();
    long reads =
        recording.steps.stream().filter(s -> s.event() instanceof GuestEvent.TimeRead).count();
    assertThat(reads).as("times recorded").isBetween(3L, TIMER_READS - 3L);
    for (Traffic.Asked asked : lastTraffic.asked) {
      expected.add((int) (asked.nanos() * PM_TIMER_HZ / 1_000_000_000 & 0xffffff));
    }
    ByteBuffer times = data(machine, TIMES, 4 * TIMER_READS);
    List<Integer> actual = new ArrayList<>();
    for (int index = 0; index < TIMER_READS; index++) {
      actual.add(times.getInt(4 * index));
    }
    assertThat(actual).isEqualTo(expected).isSorted();
  }

  private Traffic lastTraffic;

  private static ByteBuffer data(Machine machine, int at, int length) {
    byte[] content = new byte[length];
    byte[] page = new byte[Machine.PAGE_SIZE];
    machine.readPage((GuestAssembler.DATA + at) / Machine.PAGE_SIZE, page);
    System.arraycopy(page, at % Machine.PAGE_SIZE, content, 0, length);
    return ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static byte[] page(Machine machine, int number) {
    byte[] content = new byte[Machine.PAGE_SIZE];
    machine.readPage(number, content);
    return content;
  }

  private static GuestProgram guest() {
    byte[] data = new byte[DATA_BYTES];
    VirtqueueImage block = new VirtqueueImage(data, 0, 128);
    VirtqueueImage receive = new VirtqueueImage(data, 0x2000, 256);
    VirtqueueImage transmit = new VirtqueueImage(data, 0x6000, 256);
    VirtqueueImage print = new VirtqueueImage(data, 0xa000, 64);
    VirtqueueImage entropy = new VirtqueueImage(data, 0xc000, 8);
    ByteBuffer content = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
    for (int at = 0; at < 4096; at++) {
      data[DISK_CONTENT + at] = (byte) (at * 3 + 1);
    }
    content.putInt(DISK_HEADERS, 1).putLong(DISK_HEADERS + 8, 8); // write sector 8
    content.putInt(DISK_HEADERS + 16, 0).putLong(DISK_HEADERS + 24, 8); // read it
    System.arraycopy("Hello, world!".getBytes(StandardCharsets.US_ASCII), 0, data, TEXT, 13);
    for (int round = 0; round < ROUNDS; round++) {
      // Each round writes a bit more than the one before.
      int bytes = 512 * (round + 1);
      block.request(in(DISK_HEADERS, 16), in(DISK_CONTENT, bytes), out(DISK_HEADERS + 32, 1));
      block.request(in(DISK_HEADERS + 16, 16), out(DISK_ANSWER, bytes), out(DISK_HEADERS + 33, 1));
      transmit.request(in(FRAME_OUT, NET_HEADER_BYTES), in(FRAME_OUT + 16, FRAME_BYTES));
      print.request(in(TEXT, 13));
      entropy.request(out(RANDOM + 16 * round, 16));
    }
    for (int index = 0; index < FRAMES_IN; index++) {
      receive.request(out(FRAMES + 2048 * index, 2048));
    }
    GuestAssembler code = new GuestAssembler(data);
    start(code, BLOCK, block);
    start(code, NET, receive, transmit);
    start(code, CONSOLE, null, print);
    start(code, RNG, entropy);
    code.store16(receive.availableIndex(), FRAMES_IN).out(window(NET) + 16, 2, 0);
    for (int round = 0; round < ROUNDS; round++) {
      offer(code, BLOCK, 0, block, 2 * round + 2);
      offer(code, NET, 1, transmit, round + 1);
      offer(code, CONSOLE, 1, print, round + 1);
      offer(code, RNG, 0, entropy, round + 1);
      for (int read = 0; read < TIMER_READS / ROUNDS; read++) {
        int index = round * (TIMER_READS / ROUNDS) + read;
        code.in(PM_TIMER, 4).store(GuestAssembler.DATA + TIMES + 4 * index);
        code.in(window(NET) + 19, 1); // interrupt status: a device access between two times
      }
    }
    return code.end().program("everything");
  }

  private static void start(GuestAssembler code, int slot, VirtqueueImage... queues) {
    code.out(0xCF8, 4, 0x8000_0000 | slot << 11 | 4).out(0xCFC, 2, 5); // decode I/O, master
    code.out(window(slot) + 18, 1, 3);
    for (int index = 0; index < queues.length; index++) {
      if (queues[index] != null) {
        code.out(window(slot) + 14, 2, index).out(window(slot) + 8, 4, queues[index].page());
      }
    }
    code.out(window(slot) + 18, 1, 7);
  }

  private static void offer(
      GuestAssembler code, int slot, int queue, VirtqueueImage image, int requests) {
    code.store16(image.availableIndex(), requests).out(window(slot) + 16, 2, queue);
  }

  private static int window(int slot) {
    return 0xC000 + 64 * slot;
  }

  private static Part in(int at, int length) {
    return new Part(GuestAssembler.DATA + at, length, false);
  }

  private static Part out(int at, int length) {
    return new Part(GuestAssembler.DATA + at, length, true);
  }

  /** Keeps what the guest puts out. */
  private static final class Output implements MachineOutput {
    private final ByteArrayOutputStream text = new ByteArrayOutputStream();
    private final List<String> frames = new ArrayList<>();

    @Override
    public void accept(byte value) {
      text.write(value);
    }

    @Override
    public void frame(byte[] frame) {
      frames.add(java.util.HexFormat.of().formatHex(frame));
    }
  }

  /** Lets frames in and time pass, now and then, and marks every tenth position. */
  private final class Traffic implements Director {
    record Asked(long position, long nanos) {}

    private final Recording recording;
    private final List<Asked> asked = new ArrayList<>();
    private long timeRead = -1;
    private int framesIn;

    Traffic(Recording recording) {
      this.recording = recording;
      lastTraffic = this;
    }

    @Override
    public Turn atPosition(Machine machine) {
      if (timeRead >= 0) {
        recording.record(machine, new GuestEvent.TimeRead(timeRead));
        timeRead = -1;
      }
      if (framesIn < FRAMES_IN && machine.canReceiveFrame() && random.nextInt(8) == 0) {
        byte[] frame = new byte[FRAME_BYTES];
        frame[FRAME_BYTES - 1] = (byte) ++framesIn;
        recording.record(machine, new GuestEvent.FrameReceived(frame));
      }
      if (machine.position() % 10 == 0 || machine.ended().isPresent()) {
        recording.mark(machine);
      }
      return machine.ended().isPresent() ? Turn.STOP : Turn.RUN;
    }

    @Override
    public long timeAsked(Machine machine) {
      long nanos = machine.virtualNanos();
      if (random.nextBoolean()) {
        nanos += 1 + random.nextInt(50_000_000);
        timeRead = nanos;
      }
      asked.add(new Asked(machine.position(), nanos));
      return nanos;
    }

    @Override
    public Turn kicked() {
      return Turn.RUN;
    }
  }
}
