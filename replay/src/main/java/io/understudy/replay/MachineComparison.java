package io.understudy.replay;

import io.understudy.machine.Machine;
import io.understudy.schemas.avro.DeviceState;
import io.understudy.schemas.avro.MachineState;
import io.understudy.schemas.avro.Msr;
import io.understudy.schemas.avro.VcpuState;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;

/**
 * In what two machines differ that should be equal, exactly.
 *
 * @param registers registers and groups of them, with both values where they are short
 * @param devices names of devices
 * @param pages numbers of pages, memory first, blocks of the disk behind it
 * @param positions both positions if they differ, else empty
 */
record MachineComparison(
    List<String> registers, List<String> devices, List<Integer> pages, String positions) {
  private static final int MOST_SHOWN = 32;

  /** The order of struct kvm_regs, asm/kvm.h. */
  private static final List<String> GENERAL =
      List.of(
          "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rsp", "rbp", "r8", "r9", "r10", "r11", "r12",
          "r13", "r14", "r15", "rip", "rflags");

  /** Compares two machines that stand at a position and do not run. */
  static MachineComparison of(Machine wrong, Machine right) {
    MachineState wrongState = wrong.save();
    MachineState rightState = right.save();
    return new MachineComparison(
        registers(wrongState.getVcpu(), rightState.getVcpu()),
        devices(wrongState.getDevices(), rightState.getDevices()),
        pages(wrong, right),
        wrong.position() == right.position()
            ? ""
            : "wrong=" + wrong.position() + " right=" + right.position());
  }

  private static List<String> registers(VcpuState wrong, VcpuState right) {
    List<String> differing = new ArrayList<>();
    ByteBuffer wrongs = wrong.getRegisters().duplicate().order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer rights = right.getRegisters().duplicate().order(ByteOrder.LITTLE_ENDIAN);
    for (String name : GENERAL) {
      long was = wrongs.getLong();
      long is = rights.getLong();
      if (was != is) {
        differing.add(String.format("%s(wrong=%016x right=%016x)", name, was, is));
      }
    }
    addIfDifferent(differing, "special", wrong.getSpecialRegisters(), right.getSpecialRegisters());
    addIfDifferent(differing, "fpu", wrong.getFpu(), right.getFpu());
    addIfDifferent(differing, "debug", wrong.getDebugRegisters(), right.getDebugRegisters());
    addIfDifferent(differing, "events", wrong.getEvents(), right.getEvents());
    for (int index = 0; index < Math.min(wrong.getMsrs().size(), right.getMsrs().size()); index++) {
      Msr was = wrong.getMsrs().get(index);
      Msr is = right.getMsrs().get(index);
      if (!was.equals(is)) {
        differing.add(
            String.format(
                "msr%x(wrong=%x right=%x)", is.getIndex(), was.getValue(), is.getValue()));
      }
    }
    return differing;
  }

  private static void addIfDifferent(List<String> to, String name, Object wrong, Object right) {
    if (!Objects.equals(wrong, right)) {
      to.add(name);
    }
  }

  private static List<String> devices(List<DeviceState> wrong, List<DeviceState> right) {
    List<String> differing = new ArrayList<>();
    for (int index = 0; index < Math.min(wrong.size(), right.size()); index++) {
      addIfDifferent(
          differing,
          right.get(index).getName(),
          wrong.get(index).getState(),
          right.get(index).getState());
    }
    return differing;
  }

  private static List<Integer> pages(Machine wrong, Machine right) {
    List<Integer> differing = new ArrayList<>();
    long[] wrongHashes = wrong.pageHashes();
    long[] rightHashes = right.pageHashes();
    for (int page = 0; page < rightHashes.length; page++) {
      if (wrongHashes[page] != rightHashes[page]) {
        differing.add(page);
      }
    }
    BitSet blocks = wrong.presentPages();
    blocks.or(right.presentPages());
    byte[] was = new byte[Machine.PAGE_SIZE];
    byte[] is = new byte[Machine.PAGE_SIZE];
    for (int block = blocks.nextSetBit(right.memoryPageCount());
        block >= 0;
        block = blocks.nextSetBit(block + 1)) {
      wrong.readPage(block, was);
      right.readPage(block, is);
      if (!Arrays.equals(was, is)) {
        differing.add(block);
      }
    }
    return differing;
  }

  /** On one line; of very many pages the first ones and how many there are. */
  @Override
  public String toString() {
    List<Integer> shown = pages.subList(0, Math.min(MOST_SHOWN, pages.size()));
    return "registers="
        + registers
        + " devices="
        + devices
        + " pages="
        + shown
        + (shown.size() < pages.size() ? " of " + pages.size() : "")
        + (positions.isEmpty() ? "" : " positions: " + positions);
  }
}
