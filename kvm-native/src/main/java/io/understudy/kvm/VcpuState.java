package io.understudy.kvm;

import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Everything a vCPU consists of besides its CPUID table, as the kernel's structures of asm/kvm.h.
 * Immutable: arrays are copied in and out, and equality is by content. What it does not hold: the
 * time stamp counter, the local APIC (there is none) and other state that depends on the host.
 *
 * @param registers {@code struct kvm_regs}, 144 bytes
 * @param specialRegisters {@code struct kvm_sregs}, 312 bytes
 * @param fpu {@code struct kvm_xsave}, 4096 bytes, in canonical form (see {@link Vcpu#save()});
 *     {@code KVM_GET_FPU} is no substitute, because it leaves MXCSR out
 * @param debugRegisters {@code struct kvm_debugregs}, 128 bytes
 * @param msrs model-specific registers by index
 * @param events {@code struct kvm_vcpu_events}, 64 bytes
 * @param mpState {@code KVM_MP_STATE_*}
 */
@SuppressWarnings("ArrayRecordComponent") // Copied in and out, equality by content.
public record VcpuState(
    byte[] registers,
    byte[] specialRegisters,
    byte[] fpu,
    byte[] debugRegisters,
    SortedMap<Integer, Long> msrs,
    byte[] events,
    int mpState) {
  /** Copies, and checks every length. */
  public VcpuState {
    registers = copy("registers", registers, Layout.Regs.SIZE);
    specialRegisters = copy("specialRegisters", specialRegisters, Layout.Sregs.SIZE);
    fpu = copy("fpu", fpu, Layout.Xsave.SIZE);
    debugRegisters = copy("debugRegisters", debugRegisters, Layout.DebugRegs.SIZE);
    msrs = Collections.unmodifiableSortedMap(new TreeMap<>(msrs));
    events = copy("events", events, Layout.Events.SIZE);
  }

  private static byte[] copy(String name, byte[] bytes, int expectedLength) {
    if (bytes.length != expectedLength) {
      throw new IllegalArgumentException(
          "wrong length of vCPU state: part="
              + name
              + " expected="
              + expectedLength
              + " actual="
              + bytes.length);
    }
    return bytes.clone();
  }

  @Override
  public byte[] registers() {
    return registers.clone();
  }

  @Override
  public byte[] specialRegisters() {
    return specialRegisters.clone();
  }

  @Override
  public byte[] fpu() {
    return fpu.clone();
  }

  @Override
  public byte[] debugRegisters() {
    return debugRegisters.clone();
  }

  @Override
  public byte[] events() {
    return events.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof VcpuState that
        && Arrays.equals(registers, that.registers)
        && Arrays.equals(specialRegisters, that.specialRegisters)
        && Arrays.equals(fpu, that.fpu)
        && Arrays.equals(debugRegisters, that.debugRegisters)
        && msrs.equals(that.msrs)
        && Arrays.equals(events, that.events)
        && mpState == that.mpState;
  }

  @Override
  public int hashCode() {
    int hash = Arrays.hashCode(registers);
    hash = 31 * hash + Arrays.hashCode(specialRegisters);
    hash = 31 * hash + Arrays.hashCode(fpu);
    hash = 31 * hash + Arrays.hashCode(debugRegisters);
    hash = 31 * hash + msrs.hashCode();
    hash = 31 * hash + Arrays.hashCode(events);
    return 31 * hash + mpState;
  }

  @Override
  public String toString() {
    HexFormat hex = HexFormat.of();
    return "VcpuState[registers="
        + hex.formatHex(registers)
        + ", specialRegisters="
        + hex.formatHex(specialRegisters)
        + ", msrs="
        + msrs
        + ", events="
        + hex.formatHex(events)
        + ", mpState="
        + mpState
        + "]";
  }
}
