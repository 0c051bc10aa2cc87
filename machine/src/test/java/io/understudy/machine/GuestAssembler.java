package io.understudy.machine;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Bare-metal guests for tests, put together instruction by instruction: 64-bit code without
 * interrupts, and data that is in memory from the start.
 *
 * <p>Encodings: Intel SDM volume 2.
 */
public final class GuestAssembler {
  /** Where the code begins. */
  public static final int CODE = 0x100000;

  /** Where the data begins; below is room for the code, from 0x10000 bytes. */
  public static final int DATA = 0x200000;

  private final ByteArrayOutputStream code = new ByteArrayOutputStream();
  private final byte[] data;

  /** A guest without data. */
  public GuestAssembler() {
    this(new byte[8]);
  }

  /** A guest with {@code data} at {@link #DATA}. */
  public GuestAssembler(byte[] data) {
    this.data = data.clone();
  }

  /** Appends bytes of code. */
  public GuestAssembler emit(int... bytes) {
    for (int value : bytes) {
      code.write(value);
    }
    return this;
  }

  private GuestAssembler emit32(int value) {
    return emit(value, value >> 8, value >> 16, value >> 24);
  }

  private GuestAssembler port(int port) {
    return emit(0x66, 0xBA, port, port >> 8); // mov dx, port
  }

  /** OUT of 1, 2 or 4 bytes. */
  public GuestAssembler out(int port, int size, int value) {
    port(port).emit(0xB8).emit32(value); // mov eax, value
    return size == 1 ? emit(0xEE) : size == 2 ? emit(0x66, 0xEF) : emit(0xEF);
  }

  /** IN of 1, 2 or 4 bytes, to the low part of EAX. */
  public GuestAssembler in(int port, int size) {
    port(port).emit(0x31, 0xC0); // xor eax, eax
    return size == 1 ? emit(0xEC) : size == 2 ? emit(0x66, 0xED) : emit(0xED);
  }

  /** Stores EAX. */
  public GuestAssembler store(int address) {
    return emit(0x89, 0x04, 0x25).emit32(address);
  }

  /** Stores 2 bytes. */
  public GuestAssembler store16(int address, int value) {
    return emit(0x66, 0xC7, 0x04, 0x25).emit32(address).emit(value, value >> 8);
  }

  /** Stores 4 bytes. */
  public GuestAssembler store32(int address, int value) {
    return emit(0xC7, 0x04, 0x25).emit32(address).emit32(value);
  }

  /** Ends the run: halts with interrupts disabled. */
  public GuestAssembler end() {
    return emit(0xFA, 0xF4);
  }

  /** Offset of the next instruction, for {@link #jumpTo}. */
  public int here() {
    return code.size();
  }

  /** Goes on at an offset. */
  public GuestAssembler jumpTo(int offset) {
    return emit(0xE9).emit32(offset - (here() + 4)); // the operand counts from behind itself
  }

  /** The guest. */
  public GuestProgram program(String name) {
    return GuestImage.parse(name, elf());
  }

  /** The guest's file. */
  public byte[] elf() {
    int codeAt = 0x1000;
    int dataAt = codeAt + 0x10000;
    if (code.size() > dataAt - codeAt) {
      throw new IllegalStateException("too much code: bytes=" + code.size());
    }
    ByteBuffer elf = ByteBuffer.allocate(dataAt + data.length).order(ByteOrder.LITTLE_ENDIAN);
    elf.putInt(0, 0x464c457f).putShort(4, (short) 0x0102).put(6, (byte) 1);
    elf.putShort(16, (short) 2).putShort(18, (short) 62).putInt(20, 1);
    elf.putLong(24, CODE).putLong(32, 64);
    elf.putShort(52, (short) 64).putShort(54, (short) 56).putShort(56, (short) 2);
    segment(elf, 64, codeAt, CODE, code.size());
    segment(elf, 64 + 56, dataAt, DATA, data.length);
    elf.put(codeAt, code.toByteArray()).put(dataAt, data);
    return elf.array();
  }

  private static void segment(ByteBuffer elf, int at, int fileOffset, long address, int size) {
    elf.putInt(at, 1).putInt(at + 4, 7).putLong(at + 8, fileOffset);
    elf.putLong(at + 16, address).putLong(at + 24, address);
    elf.putLong(at + 32, size).putLong(at + 40, size);
  }
}
