package io.understudy.machine.linux;

/**
 * Finds where x86-64 instructions end: prefixes, opcode, ModRM, SIB, displacement and immediates of
 * 64-bit mode, with VEX, EVEX, XOP and 3DNow! encodings. It does not say what an instruction does,
 * but for those whose result depends on the host ({@link HostInstruction}).
 *
 * <p>Owned by one thread; reusable. Tables and sources: {@link OpcodeMaps}. The rules of order are
 * those of Intel SDM volume 2, chapter 2: at most 15 bytes; a REX prefix that does not stand
 * immediately before the opcode is ignored; VEX, EVEX and XOP bear neither REX nor 66, F2, F3, F0
 * before them.
 *
 * <p>A near branch with prefix 66 and without REX.W has a 32-bit displacement on Intel's processors
 * and a 16-bit one on AMD's. No compiler emits it; it counts as undecodable here, because its
 * length cannot be known.
 */
final class InstructionDecoder {
  private static final int LENGTH_MAX = 15;

  private byte[] code;
  private int begin;
  private int limit;
  private int at;
  private boolean truncated;

  private boolean operandSize;
  private boolean addressSize;
  private boolean lock;
  private int repeat; // 0, 0xf2 or 0xf3: the last one counts
  private int rex; // 0 if there is none that counts

  private int map; // 1 for one-byte opcodes, 2 for those behind 0F, 0 for all others
  private int opcode;
  private int modRm; // -1 if there is none

  /**
   * Decodes the instruction at {@code start}.
   *
   * @param end where the code ends, at most {@code bytes.length}
   * @return its length in [1, 15], or 0 if the bytes are no instruction of 64-bit mode or the code
   *     ends within it
   */
  int decode(byte[] bytes, int start, int end) {
    code = bytes;
    begin = start;
    at = start;
    limit = Math.min(end, start + LENGTH_MAX);
    truncated = false;
    operandSize = false;
    addressSize = false;
    lock = false;
    repeat = 0;
    rex = 0;
    map = 0;
    modRm = -1;
    boolean defined = prefixesAndOpcode();
    return defined && !truncated && at <= limit ? at - begin : 0;
  }

  /** The kind of the instruction just decoded. */
  HostInstruction kind() {
    if (map != 2 || lock) {
      return HostInstruction.NONE;
    }
    return switch (opcode) {
      case 0x01 -> kindOfGroup7();
      case 0x31 -> HostInstruction.RDTSC;
      case 0x33 -> HostInstruction.RDPMC;
      case 0xae -> kindOfGroup15();
      case 0xc7 -> kindOfGroup9();
      default -> HostInstruction.NONE;
    };
  }

  private HostInstruction kindOfGroup7() {
    return switch (modRm) {
      case 0xd0 -> HostInstruction.XGETBV;
      case 0xf9 -> HostInstruction.RDTSCP;
      case 0xfd -> HostInstruction.RDPRU;
      default -> HostInstruction.NONE;
    };
  }

  /** Register forms with reg 6: without a prefix MFENCE, with F3 UMONITOR. */
  private HostInstruction kindOfGroup15() {
    if (modRm >> 3 != 0b11_110 || repeat == 0xf3) {
      return HostInstruction.NONE;
    }
    if (repeat == 0xf2) {
      return HostInstruction.UMWAIT;
    }
    return operandSize ? HostInstruction.TPAUSE : HostInstruction.NONE;
  }

  /** Register forms with reg 6 and 7; F3 with reg 6 is SENDUIPI. */
  private HostInstruction kindOfGroup9() {
    return switch (modRm >> 3) {
      case 0b11_110 -> repeat == 0xf3 ? HostInstruction.NONE : HostInstruction.RDRAND;
      case 0b11_111 -> repeat == 0xf3 ? HostInstruction.RDPID : HostInstruction.RDSEED;
      default -> HostInstruction.NONE;
    };
  }

  private boolean prefixesAndOpcode() {
    int value = next();
    while (isPrefix(value)) {
      value = next();
    }
    return switch (value) {
      case -1 -> false;
      case 0x0f -> escape();
      case 0x62 -> vexAllowed() && evex();
      case 0xc4 -> vexAllowed() && vex3();
      case 0xc5 -> vexAllowed() && vex2();
      case 0x8f -> popOrXop();
      default -> {
        map = 1;
        opcode = value;
        yield operands(OpcodeMaps.ONE_BYTE.charAt(value));
      }
    };
  }

  /** Notes a prefix; a legacy prefix behind REX makes that one ineffective. */
  private boolean isPrefix(int value) {
    if (value >> 4 == 4) {
      rex = value;
      return true;
    }
    switch (value) {
      case 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65 -> {} // segments change no length
      case 0x66 -> operandSize = true;
      case 0x67 -> addressSize = true;
      case 0xf0 -> lock = true;
      case 0xf2, 0xf3 -> repeat = value;
      default -> {
        return false;
      }
    }
    rex = 0;
    return true;
  }

  private boolean escape() {
    int value = next();
    if (value == 0x38) {
      next();
      return operands('M');
    }
    if (value == 0x3a) {
      next();
      return operands('B');
    }
    map = 2;
    opcode = value;
    return value >= 0 && operands(OpcodeMaps.TWO_BYTE.charAt(value));
  }

  private boolean vexAllowed() {
    return rex == 0 && !operandSize && repeat == 0 && !lock;
  }

  private boolean vex2() {
    next();
    return vexOperands(1, false);
  }

  private boolean vex3() {
    int map3 = next() & 0x1f;
    next();
    return vexOperands(map3, false);
  }

  private boolean evex() {
    int first = next();
    int second = next();
    next();
    // P0[3] is 0 and P1[2] is 1 in every EVEX encoding that is defined.
    return (first & 8) == 0 && (second & 4) != 0 && vexOperands(first & 7, true);
  }

  private boolean vexOperands(int vexMap, boolean evex) {
    int value = next();
    return value >= 0 && operands(OpcodeMaps.vex(vexMap, value, evex));
  }

  /** 8F /0 is POP; a ModRM byte with a reg field that POP has not is the second byte of XOP. */
  private boolean popOrXop() {
    int value = next();
    if ((value & 0x1f) < 8) {
      at--;
      map = 1;
      opcode = 0x8f;
      return operands('M') && (modRm >> 3 & 7) == 0;
    }
    next();
    next();
    return vexAllowed() && operands(OpcodeMaps.xop(value & 0x1f));
  }

  private boolean operands(char format) {
    return switch (format) {
      case '.' -> true;
      case 'b' -> skip(1);
      case 'w' -> skip(2);
      case 'e' -> skip(3);
      case 'z' -> skip(immediate());
      case 'v' -> skip(isWide() ? 8 : immediate());
      case 'j' -> (!operandSize || isWide()) && skip(4);
      case 'a' -> skip(addressSize ? 4 : 8);
      case '!', 'p' -> false;
      default -> modRm(format);
    };
  }

  private boolean modRm(char format) {
    modRm = next();
    if (modRm < 0 || (map != 0 && OpcodeMaps.isUndefined(map == 2, opcode, modRm))) {
      return false;
    }
    if (format != 'R') {
      memoryOperand();
    }
    int reg = modRm >> 3 & 7;
    return switch (format) {
      case 'M', 'R' -> true;
      case 'B' -> skip(1);
      case 'Z' -> skip(immediate());
      case 'F' -> skip(reg < 2 ? 1 : 0);
      case 'G' -> skip(reg < 2 ? immediate() : 0);
      case 'S' -> skip(operandSize || repeat == 0xf2 ? 2 : 0);
      case 'P' -> repeat == 0xf3;
      default -> throw new IllegalStateException("no such format in the opcode maps: " + format);
    };
  }

  /** SDM volume 2, table 2-2 and 2-3; with mod 0, base 5 is a displacement without a base. */
  private void memoryOperand() {
    int mod = modRm >> 6;
    if (mod == 3) {
      return;
    }
    int base = modRm & 7;
    if (base == 4) {
      base = next() & 7;
    }
    skip(mod == 1 ? 1 : mod == 2 || base == 5 ? 4 : 0);
  }

  private int immediate() {
    return operandSize && !isWide() ? 2 : 4;
  }

  private boolean isWide() {
    return (rex & 8) != 0;
  }

  private boolean skip(int count) {
    at += count;
    return true;
  }

  private int next() {
    if (at >= limit) {
      truncated = true;
      return -1;
    }
    return code[at++] & 0xff;
  }
}
