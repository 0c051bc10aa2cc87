package io.understudy.machine;

import io.understudy.kvm.Vcpu;
import io.understudy.kvm.VcpuState;
import io.understudy.schemas.avro.DeviceState;
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
      long virtualNanos,
      boolean halted,
      boolean interruptible,
      String runState,
      VcpuState vcpu,
      List<DeviceState> devices) {
    List<Msr> msrs =
        vcpu.msrs().entrySet().stream().map(msr -> new Msr(msr.getKey(), msr.getValue())).toList();
    return new MachineState(
        Machine.VERSION,
        position,
        virtualNanos,
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
        devices);
  }

  /** Puts the vCPU into {@code state}. */
  static void restoreVcpu(MachineState state, Vcpu vcpu) {
    if (state.getVersion() != Machine.VERSION) {
      throw new IllegalArgumentException(
          "machine state is of version "
              + state.getVersion()
              + ", this build knows version "
              + Machine.VERSION
              + ": replay it with the build that wrote it");
    }
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
