package io.understudy.machine;

import io.understudy.kvm.Registers;
import io.understudy.kvm.VcpuState;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import net.openhft.hashing.LongHashFunction;

/** Hashes of vCPU state. RFLAGS.RF is left out: KVM sets it at some exits and not at others. */
final class RegisterDigest {
  private static final LongHashFunction HASH = LongHashFunction.xx3();
  private static final int GENERAL_COUNT = 18;
  private static final int RFLAGS_INDEX = 17;
  private static final long RFLAGS_RF = 0x10000;

  private RegisterDigest() {}

  /** Of the general registers, RIP and RFLAGS. */
  static long general(Registers registers) {
    long[] values = new long[GENERAL_COUNT];
    for (int index = 0; index < GENERAL_COUNT; index++) {
      values[index] = registers.get(index);
    }
    values[RFLAGS_INDEX] &= ~RFLAGS_RF;
    return HASH.hashLongs(values);
  }

  /** Of everything a vCPU is. */
  static long complete(VcpuState state) {
    ByteBuffer general = ByteBuffer.wrap(state.registers().clone()).order(ByteOrder.LITTLE_ENDIAN);
    int rflags = RFLAGS_INDEX * Long.BYTES;
    general.putLong(rflags, general.getLong(rflags) & ~RFLAGS_RF);
    long digest = HASH.hashBytes(general.array());
    digest = combine(digest, HASH.hashBytes(state.specialRegisters()));
    digest = combine(digest, HASH.hashBytes(state.fpu()));
    digest = combine(digest, HASH.hashBytes(state.debugRegisters()));
    digest = combine(digest, HASH.hashBytes(state.events()));
    digest = combine(digest, state.mpState());
    for (Map.Entry<Integer, Long> msr : state.msrs().entrySet()) {
      digest = combine(combine(digest, msr.getKey()), msr.getValue());
    }
    return digest;
  }

  /** Order-sensitive, so that two parts that trade their values are seen. */
  static long combine(long digest, long value) {
    long z = Long.rotateLeft(digest, 23) * 0x9e3779b97f4a7c15L ^ value;
    z = (z ^ (z >>> 32)) * 0xd6e8feb86659fd93L;
    return z ^ (z >>> 29);
  }
}
