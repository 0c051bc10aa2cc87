package io.understudy.machine;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.kvm.Kvm;
import io.understudy.kvm.RequiresKvm;
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
  private static final long PM_TIMER_HZ = 3_579_545;

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
            EverythingGuest.program(),
            16 << 20,
            "",
            0,
            42,
            RunClock.EXIT,
            disk,
            "52:54:00:12:34:56",
            Attachments.VIRTIO);
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
        .isEqualTo("Hello, world!".repeat(EverythingGuest.ROUNDS));
    assertThat(machine.outputOffset()).isEqualTo(13L * EverythingGuest.ROUNDS);
    assertThat(machine.framesSent()).isEqualTo(EverythingGuest.ROUNDS);
    assertThat(output.frames)
        .hasSize(EverythingGuest.ROUNDS)
        .allMatch(frame -> frame.length() == 2 * EverythingGuest.FRAME_BYTES);
    ByteBuffer random = data(machine, EverythingGuest.RANDOM, 64);
    assertThat(random.getLong(0)).as("random numbers").isNotZero();
    assertThat(data(machine, EverythingGuest.DISK_ANSWER, 512).array())
        .as("what was written to the disk is read again")
        .isEqualTo(data(machine, EverythingGuest.DISK_CONTENT, 512).array());
    assertThat(
            data(machine, EverythingGuest.FRAMES, 2048)
                .get(EverythingGuest.NET_HEADER_BYTES + EverythingGuest.FRAME_BYTES - 1))
        .as("the first frame from outside")
        .isEqualTo((byte) 1);
    assertTimesAreThoseOfTheLog(machine, recording);
  }

  /** What the guest read from its clock is what the recorded time makes of it. */
  private void assertTimesAreThoseOfTheLog(Machine machine, Recording recording) {
    List<Integer> expected = new ArrayList<>();
    long reads =
        recording.steps.stream().filter(s -> s.event() instanceof GuestEvent.TimeRead).count();
    assertThat(reads).as("times recorded").isBetween(3L, EverythingGuest.TIMER_READS - 3L);
    for (Traffic.Asked asked : lastTraffic.asked) {
      expected.add((int) (asked.nanos() * PM_TIMER_HZ / 1_000_000_000 & 0xffffff));
    }
    ByteBuffer times = data(machine, EverythingGuest.TIMES, 4 * EverythingGuest.TIMER_READS);
    List<Integer> actual = new ArrayList<>();
    for (int index = 0; index < EverythingGuest.TIMER_READS; index++) {
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
      if (framesIn < EverythingGuest.FRAMES_IN
          && machine.canReceiveFrame()
          && random.nextInt(8) == 0) {
        byte[] frame = new byte[EverythingGuest.FRAME_BYTES];
        frame[EverythingGuest.FRAME_BYTES - 1] = (byte) ++framesIn;
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
    public Turn kicked(Machine machine) {
      return Turn.RUN;
    }
  }
}
