package io.understudy.machine.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class InstructionDecoderTest {
  private final InstructionDecoder decoder = new InstructionDecoder();

  /**
   * Instructions as objdump divides real programs, from {@code make-instruction-corpus}: the Debian
   * 12 kernels 6.1.0-56 (cloud and generic) and libraries full of vector code.
   */
  @Test
  void agreesWithObjdump_onTheCorpus() throws IOException {
    List<String> lines = corpus();
    assertThat(lines).hasSizeGreaterThan(5000);

    for (String line : lines) {
      byte[] instruction = HexFormat.of().parseHex(line);
      for (byte behind : new byte[] {0x00, (byte) 0x90, (byte) 0xff}) {
        byte[] code = Arrays.copyOf(instruction, instruction.length + 16);
        Arrays.fill(code, instruction.length, code.length, behind);
        assertThat(decoder.decode(code, 0, code.length)).as(line).isEqualTo(instruction.length);
      }
    }
  }

  @Test
  void refusesEveryInstructionThatIsCutOff() throws IOException {
    for (String line : corpus()) {
      byte[] instruction = HexFormat.of().parseHex(line);
      for (int end = 0; end < instruction.length; end++) {
        assertThat(decoder.decode(instruction, 0, end)).as(line + " end=" + end).isZero();
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "90, 1",
    "6690, 2",
    "48b88877665544332211, 10", // movabs
    "66b83412, 4",
    "6648b88877665544332211, 11", // REX.W wins over 66
    "4866b83412, 5", // but not if it does not stand last
    "a01122334455667788, 9",
    "67a011223344, 6",
    "66a31122334455667788, 10",
    "c8341205, 4",
    "f6c001, 3",
    "f6d0, 2",
    "f7c011223344, 6",
    "66f7c01122, 5",
    "48f7c011223344, 7",
    "f7f8, 2",
    "8b0425efbeadde, 7", // SIB without base
    "8b44241c, 4",
    "8b05efbeadde, 6", // RIP-relative
    "8b8424efbeadde, 7",
    "0f2204, 3", // MOV CR: mod does not matter
    "6648e811223344, 7", // data16 rex.W call, as for thread-local storage
    "2ee811223344, 6",
    "0f8511223344, 6",
    "9b, 1", // FWAIT alone, whatever follows
    "0f0b, 2",
    "0fb9cc, 3", // UD1
    "0fff00, 3", // UD0
    "f30fb8c0, 4",
    "660f78c00102, 6", // EXTRQ
    "f20f78c00102, 6", // INSERTQ
    "0f78c0, 3",
    "0f0f000d, 4", // 3DNow!
    "c5f877, 3", // VZEROUPPER
    "c4e37d0201ff, 6", // VPBLENDD
    "62f1fd486f00, 6",
    "8fe97801c1, 5", // XOP map 9
    "8fea7810c011223344, 9", // XOP map 10
    "8f00, 2", // POP
    "c7f811223344, 6", // XBEGIN
    "c6f801, 3", // XABORT
    "f3660f31, 4",
    "6666666666666666666666660f3131, 14",
    "66666666666666666666666666660f, 0", // no opcode within 15 bytes
    "6666666666666666666666666666660f31, 0"
  })
  void findsTheLength(String code, int expected) {
    assertThat(decode(code)).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "06",
        "60",
        "82c001",
        "9a112233445566",
        "ce",
        "d401",
        "d6",
        "eaa7080001080000",
        "0f04",
        "0f0a",
        "0f0c",
        "0f36",
        "0f39",
        "0f7a00",
        "0fb800",
        "0f00f0",
        "fed0",
        "ffff",
        "ffd8",
        "c7c811223344",
        "8fc8",
        "66e811223344",
        "660f8411223344",
        "66e911223344",
        "48c5f877",
        "66c5f877",
        "f0c5f877",
        "c4e07801c0",
        "62f97d486f00",
        "62f179486f00"
      })
  void refusesWhatIsNoInstructionOf64BitMode(String code) {
    assertThat(decode(code)).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "0f31, RDTSC",
    "660f31, RDTSC",
    "f348480f31, RDTSC",
    "f00f31, NONE", // faults, and must go on doing so
    "0f01f9, RDTSCP",
    "f20f01f9, RDTSCP",
    "0f01f8, NONE", // SWAPGS
    "0f01fd, RDPRU",
    "0f01d0, XGETBV",
    "0f33, RDPMC",
    "0fc7f0, RDRAND",
    "490fc7f1, RDRAND",
    "660fc7f8, RDSEED",
    "f30fc7f8, RDPID",
    "f30fc7f0, NONE", // SENDUIPI
    "0fc730, NONE", // VMPTRLD
    "660faef0, TPAUSE",
    "f20faef0, UMWAIT",
    "f30faef0, NONE", // UMONITOR
    "0faef0, NONE", // MFENCE
    "b80f310000, NONE",
    "90, NONE"
  })
  void tellsWhatDependsOnTheHost(String code, HostInstruction expected) {
    assertThat(decode(code)).isEqualTo(code.length() / 2);
    assertThat(decoder.kind()).isEqualTo(expected);
  }

  private int decode(String hex) {
    byte[] code = HexFormat.of().parseHex(hex);
    return decoder.decode(code, 0, code.length);
  }

  private static List<String> corpus() throws IOException {
    try (InputStream in = InstructionDecoderTest.class.getResourceAsStream("instructions.txt")) {
      return new String(in.readAllBytes(), StandardCharsets.US_ASCII)
          .lines()
          .filter(line -> !line.startsWith("#"))
          .toList();
    }
  }
}
