package io.understudy.machine.linux;

/**
 * What follows each opcode in 64-bit mode, one letter an opcode, sixteen opcodes a row.
 *
 * <pre>
 *   .  nothing                         M  ModRM
 *   b  8-bit immediate                 B  ModRM, 8-bit immediate
 *   w  16-bit immediate                Z  ModRM, immediate as z
 *   z  immediate of 16 bits with operand size 16, else of 32
 *   v  immediate of the operand's size: 16, 32 or 64 bits
 *   j  branch displacement of 32 bits (16 with operand size 16 on AMD's processors)
 *   a  address of 64 bits, 32 with an address-size prefix
 *   e  16-bit and 8-bit immediate (ENTER)
 *   F  ModRM, 8-bit immediate if its reg field is 0 or 1 (group 3)
 *   G  the same, immediate as z
 *   R  ModRM whose mod field does not matter: always registers
 *   S  ModRM; two 8-bit immediates with prefix 66 or F2 (SSE4a)
 *   P  ModRM with prefix F3 only (POPCNT; without it Itanium's JMPE)
 *   p  prefix or escape, which the decoder handles itself
 *   !  undefined
 * </pre>
 *
 * <p>Sources: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, appendix A
 * (opcode maps, tables ); AMD64 Architecture Programmer's Manual, volume 3, appendix A
 * (for XOP, SSE4a, 3DNow!, and what the processors of both makers agree on).
 */
final class OpcodeMaps {
  static final String ONE_BYTE =
      // 0 1 2 3 4 5 6 7 8 9 a b c d e f
      "MMMMbz!!MMMMbz!p" // 0x00
          + "MMMMbz!!MMMMbz!!" // 0x10
          + "MMMMbzp!MMMMbzp!" // 0x20
          + "MMMMbzp!MMMMbzp!" // 0x30
          + "pppppppppppppppp" // 0x40 REX
          + "................" // 0x50
          + "!!pMppppzZbB...." // 0x60
          + "bbbbbbbbbbbbbbbb" // 0x70
          + "BZ!BMMMMMMMMMMMp" // 0x80
          + "..........!....." // 0x90
          + "aaaa....bz......" // 0xa0
          + "bbbbbbbbvvvvvvvv" // 0xb0
          + "BBw.ppBZe.w..b!." // 0xc0
          + "MMMM!!!.MMMMMMMM" // 0xd0
          + "bbbbbbbbjj!b...." // 0xe0
          + "p.pp..FG......MM"; // 0xf0

  /** Opcodes behind 0F. */
  static final String TWO_BYTE =
      "MMMM!.....!.!M.B" // 0x00
          + "MMMMMMMMMMMMMMMM" // 0x10
          + "RRRR!!!!MMMMMMMM" // 0x20
          + "......!.p!p!!!!!" // 0x30
          + "MMMMMMMMMMMMMMMM" // 0x40
          + "MMMMMMMMMMMMMMMM" // 0x50
          + "MMMMMMMMMMMMMMMM" // 0x60
          + "BBBBMMM.SM!!MMMM" // 0x70
          + "jjjjjjjjjjjjjjjj" // 0x80
          + "MMMMMMMMMMMMMMMM" // 0x90
          + "...MBMMM...MBMMM" // 0xa0
          + "MMMMMMMMPMBMMMMM" // 0xb0
          + "MMBMBBBM........" // 0xc0
          + "MMMMMMMMMMMMMMMM" // 0xd0
          + "MMMMMMMMMMMMMMMM" // 0xe0
          + "MMMMMMMMMMMMMMMM"; // 0xf0

  private OpcodeMaps() {}

  /**
   * What follows an opcode of VEX or EVEX map {@code map}: {@code M}, {@code B}, {@code .} or
   * {@code !}. Map 1 corresponds to 0F, 2 to 0F 38, 3 to 0F 3A; 5 and 6 are AVX512-FP16's.
   */
  static char vex(int map, int opcode, boolean evex) {
    return switch (map) {
      case 1 ->
          switch (opcode) {
            case 0x70, 0x71, 0x72, 0x73, 0xc2, 0xc4, 0xc5, 0xc6 -> 'B';
            case 0x77 -> evex ? 'M' : '.'; // VZEROUPPER, VZEROALL
            default -> 'M';
          };
      case 2 -> 'M';
      case 3 -> 'B';
      case 5, 6 -> evex ? 'M' : '!';
      default -> '!';
    };
  }

  /** What follows an opcode of AMD's XOP map {@code map}; {@code Z} always has 32 bits there. */
  static char xop(int map) {
    return map == 8 ? 'B' : map == 9 ? 'M' : map == 10 ? 'Z' : '!';
  }

  /**
   * Whether the ModRM byte selects an undefined member of a group (table A-6). Groups whose holes
   * no compiler's output comes near are taken as whole.
   *
   * @param twoByte whether the opcode stands behind 0F
   * @param modRm the byte behind the opcode
   */
  static boolean isUndefined(boolean twoByte, int opcode, int modRm) {
    int reg = modRm >> 3 & 7;
    if (twoByte) {
      return opcode == 0x00 && reg >= 6;
    }
    return switch (opcode) {
      case 0xc6, 0xc7 -> reg != 0 && modRm != 0xf8; // MOV; XABORT and XBEGIN
      case 0xfe -> reg >= 2;
      case 0xff -> reg == 7 || ((reg == 3 || reg == 5) && modRm >= 0xc0);
      default -> false;
    };
  }
}
