package io.understudy.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.understudy.kvm.GuestMemory;
import io.understudy.kvm.Kvm;
import io.understudy.kvm.RequiresKvm;
import io.understudy.kvm.VirtualMachine;
import io.understudy.schemas.GuestEvent.StateTransferred;
import io.understudy.schemas.avro.MachineState;
import io.understudy.schemas.avro.VcpuState;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Memory goes from one machine to another as differences to what both had. */
@RequiresKvm
class StateTransfersKvmIT {
  private static final int PAGES = 512;
  private static final long SEED = 5;

  private final Random random = new Random(SEED);
  private Kvm kvm;
  private Side from;
  private Side to;

  @BeforeEach
  void begin() {
    kvm = Kvm.open();
    from = new Side();
    to = new Side();
  }

  @AfterEach
  void end() {
    from.vm.close();
    to.vm.close();
    kvm.close();
  }

  @Test
  void carriesAllChanges_fromOneCommonPlaceToTheNext() {
    for (int round = 0; round < 20; round++) {
      for (int change = 0; change < 30; change++) {
        byte[] bytes = new byte[1 + random.nextInt(change % 3 == 0 ? 9000 : 12)];
        random.nextBytes(bytes);
        from.memory.write(
            random.nextInt(PAGES * Machine.PAGE_SIZE - bytes.length), bytes, 0, bytes.length);
      }
      // The other side has done something else since the common place.
      to.memory.write(random.nextInt(100_000), new byte[] {1, 2, 3}, 0, 3);

      assertThat(transfer(state(round)).getPosition()).isEqualTo(round);

      assertThat(to.bytes()).as("round %d, seed %d", round, SEED).isEqualTo(from.bytes());
      assertThat(to.digest.update()).isEqualTo(from.digest.update());
    }
  }

  @Test
  void sendsOneChangedByteInFewBytes() {
    from.memory.write(77_777, new byte[] {1}, 0, 1);
    int size = size(from.encode(state(0)));

    assertThat(size).isLessThan(150);
  }

  @Test
  void sendsMuchInPieces() {
    byte[] bytes = new byte[PAGES * Machine.PAGE_SIZE];
    random.nextBytes(bytes);
    from.memory.write(0, bytes, 0, bytes.length);

    List<StateTransferred> pieces = from.encode(state(0));

    assertThat(pieces).hasSizeGreaterThan(3);
    assertThat(pieces).extracting(StateTransferred::count).containsOnly(pieces.size());
    decode(pieces);
    assertThat(to.bytes()).isEqualTo(bytes);
  }

  @Test
  void refusesWhatCannotBeRead() {
    byte[] content = from.encode(state(0)).get(0).content();
    for (byte[] damaged : List.of(Arrays.copyOf(content, content.length / 2), new byte[] {1, 2})) {
      assertThatExceptionOfType(MachineException.class)
          .isThrownBy(() -> StateTransfers.decode(damaged, to.baseline, to.memory))
          .withMessageStartingWith("transferred state cannot be read: ");
    }
  }

  @Test
  void refusesPiecesOutOfOrder() {
    StateTransfers.Pieces pieces = new StateTransfers.Pieces();
    assertThatExceptionOfType(MachineException.class)
        .isThrownBy(() -> pieces.add(new StateTransferred(1, 2, new byte[1])))
        .withMessageContaining("index expected=0 actual=1");
  }

  private MachineState transfer(MachineState state) {
    List<StateTransferred> pieces = from.encode(state);
    from.baseline.advance();
    MachineState arrived = decode(pieces);
    to.baseline.advance();
    return arrived;
  }

  private MachineState decode(List<StateTransferred> pieces) {
    StateTransfers.Pieces collected = new StateTransfers.Pieces();
    byte[] content = null;
    for (StateTransferred piece : pieces) {
      assertThat(content).isNull();
      content = collected.add(piece);
    }
    return StateTransfers.decode(content, to.baseline, to.memory);
  }

  private static int size(List<StateTransferred> pieces) {
    return pieces.stream().mapToInt(piece -> piece.content().length).sum();
  }

  private static MachineState state(long position) {
    ByteBuffer nothing = ByteBuffer.allocate(0);
    VcpuState vcpu = new VcpuState(nothing, nothing, nothing, nothing, nothing, List.of(), 0);
    return new MachineState(Machine.VERSION, position, 0L, false, true, "", vcpu, List.of());
  }

  /** One machine's memory. */
  private final class Side {
    private final VirtualMachine vm = kvm.createVirtualMachine();
    private final GuestMemory guest = vm.addMemory(0, 0, (long) PAGES * Machine.PAGE_SIZE);
    private final DeviceMemory memory = new DeviceMemory(guest);
    private final MemoryDigest digest = new MemoryDigest(vm, guest, memory);
    private final MemoryBaseline baseline =
        new MemoryBaseline(memory, vm.detachedMemory(guest.sizeBytes()), digest);

    private List<StateTransferred> encode(MachineState state) {
      return StateTransfers.encode(state, baseline.changedPages(), baseline, memory);
    }

    private byte[] bytes() {
      byte[] all = new byte[PAGES * Machine.PAGE_SIZE];
      guest.read(0, all, 0, all.length);
      return all;
    }
  }
}
