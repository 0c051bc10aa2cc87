package io.understudy.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.understudy.kvm.Kvm;
import io.understudy.kvm.RequiresKvm;
import io.understudy.schemas.avro.MachineState;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The machine on the real device: what was recorded happens again, bit for bit. */
@RequiresKvm
@Timeout(300)
class RecordReplayKvmIT {
  private static final int RECORDINGS = 50;
  private static final long MEMORY = 16 << 20;
  private static final long NOON = 1_800_000_000_000L;

  private Kvm kvm;
  private final MachineConfig config =
      new MachineConfig(GuestImages.find(GuestImages.LEDGER), MEMORY, "", NOON);

  @BeforeEach
  void openKvm() {
    kvm = Kvm.open();
  }

  @AfterEach
  void closeKvm() {
    kvm.close();
  }

  @Test
  void replaysEveryRecordingToTheSameState() throws Exception {
    for (int seed = 1; seed <= RECORDINGS; seed++) {
      Recording recording = new Recording();
      ByteArrayOutputStream recorded = new ByteArrayOutputStream();
      try (Machine machine = Machine.powerOn(kvm, config, recorded::write);
          Kicker kicker = new Kicker(machine, seed)) {
        kicker.start();
        MachineLoop.run(machine, new LedgerTraffic(recording, seed, 12));
      }
      ByteArrayOutputStream replayed = new ByteArrayOutputStream();
      try (Machine machine = Machine.powerOn(kvm, config, replayed::write);
          Kicker kicker = new Kicker(machine, -seed)) {
        kicker.start();
        MachineLoop.run(machine, recording.replayFrom(0));
      }
      assertThat(replayed.toByteArray()).as("seed " + seed).isEqualTo(recorded.toByteArray());
      assertThat(recorded.size()).as("the guest has answered").isGreaterThan(20);
    }
  }

  @Test
  void continuesFromSavedStateAsIfNothingHadHappened() throws Exception {
    for (int seed = 1; seed <= 10; seed++) {
      Recording recording = new Recording();
      try (Machine machine = Machine.powerOn(kvm, config, MachineOutput.NONE)) {
        MachineLoop.run(machine, new LedgerTraffic(recording, seed, 12));
      }
      int middle = middleMark(recording);
      MachineState state;
      Map<Integer, byte[]> pages = new HashMap<>();
      try (Machine machine = Machine.powerOn(kvm, config, MachineOutput.NONE)) {
        Recording firstHalf = new Recording();
        firstHalf.steps.addAll(recording.steps.subList(0, middle + 1));
        MachineLoop.run(machine, firstHalf.replayFrom(0));
        state = machine.save();
        BitSet changed = machine.takeChangedPages();
        changed.stream().forEach(number -> pages.put(number, page(machine, number)));
      }
      try (Machine machine =
          Machine.restore(
              kvm, config, MachineOutput.NONE, state, sink -> pages.forEach(sink::page))) {
        assertThat(machine.digest()).isEqualTo(recording.steps.get(middle).digest());
        MachineLoop.run(machine, recording.replayFrom(middle + 1));
      }
    }
  }

  @Test
  void noticesOneWrongBitOfMemory() throws Exception {
    Recording recording = new Recording();
    try (Machine machine = Machine.powerOn(kvm, config, MachineOutput.NONE)) {
      MachineLoop.run(machine, new LedgerTraffic(recording, 7, 5));
    }
    GuestImage image = (GuestImage) config.program();
    byte[] changed = image.bytes().clone();
    changed[changed.length - 1] ^= 1; // in the section headers, which are not loaded
    MachineConfig same =
        new MachineConfig(GuestImage.parse("ledger with another tail", changed), MEMORY, "", NOON);
    try (Machine machine = Machine.powerOn(kvm, same, MachineOutput.NONE)) {
      MachineLoop.run(machine, recording.replayFrom(0));
    }
    MachineConfig other = new MachineConfig(image, MEMORY, "x", NOON);
    try (Machine machine = Machine.powerOn(kvm, other, MachineOutput.NONE)) {
      assertThatThrownBy(() -> MachineLoop.run(machine, recording.replayFrom(0)))
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("digest differs");
    }
  }

  @Test
  void answersPing() throws Exception {
    ByteArrayOutputStream output = new ByteArrayOutputStream();
    Recording recording = new Recording();
    try (Machine machine = Machine.powerOn(kvm, config, output::write)) {
      MachineLoop.run(machine, new LedgerTraffic(recording, 1, 30));
    }
    assertThat(output.toString(StandardCharsets.ISO_8859_1)).contains("+PONG\r\n");
  }

  private static int middleMark(Recording recording) {
    for (int index = recording.steps.size() / 2; ; index++) {
      if (recording.steps.get(index).event() == null) {
        return index;
      }
    }
  }

  private static byte[] page(Machine machine, int number) {
    byte[] content = new byte[Machine.PAGE_SIZE];
    machine.readPage(number, content);
    return content;
  }
}
