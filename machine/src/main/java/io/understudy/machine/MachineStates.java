package io.understudy.machine;

import io.understudy.kvm.Vcpu;
import io.understudy.kvm.VcpuState;
import io.understudy.schemas.avro.MachineState;
import io.understudy.schemas.avro.Msr;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** Between a machine's parts and the record in which they are kept. */
final class MachineStates {
  private MachineStates() {}

  static MachineState save(
      long position,
      boolean halted,
      boolean interruptible,
      String runState,
      VcpuState vcpu,
      Devices devices) {
    List<Msr> msrs =
        vcpu.msrs().entrySet().stream().map(msr -> new Msr(msr.getKey(), msr.getValue())).toList();
    return new MachineState(
        Machine.VERSION,
        position,
        devices.clock().nanos(),
        halted,
        interruptible,
        runState,
        new io.understudy.schemas.avro.VcpuState(
            ByteBuffer.wrap(vcpu.registers()),
            ByteBuffer.wrap(vcpu.specialRegisters()),
            ByteBuffer.wrap(vcpu.fpu()),
            ByteBuffer.wrap(vcpu.debugRegisters()),
            ByteBuffer.wrap(vcpu.events()),
            msrs,
            vcpu.mpState()),
        devices.save());
  }

  /** Puts vCPU and devices into {@code state}; position and flags are the machine's own. */
  static void restore(MachineState state, Vcpu vcpu, Devices devices) {
    if (state.getVersion() != Machine.VERSION) {
      throw new IllegalArgumentException(
          "machine state is of version "
              + state.getVersion()
              + ", this build knows version "
              + Machine.VERSION
              + ": replay it with the build that wrote it");
    }
    devices.restore(state.getDevices());
    io.understudy.schemas.avro.VcpuState saved = state.getVcpu();
    SortedMap<Integer, Long> msrs = new TreeMap<>();
    saved.getMsrs().forEach(msr -> msrs.put(msr.getIndex(), msr.getValue()));
    vcpu.restore(
        new VcpuState(
            bytes(saved.getRegisters()),
            bytes(saved.getSpecialRegisters()),
            bytes(saved.getFpu()),
            bytes(saved.getDebugRegisters()),
            msrs,
            bytes(saved.getEvents()),
            saved.getMpState()));
  }

  private static byte[] bytes(ByteBuffer buffer) {
    byte[] copy = new byte[buffer.remaining()];
    buffer.duplicate().get(copy);
    return copy;
  }
}
