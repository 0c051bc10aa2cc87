package io.understudy.machine.linux;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.machine.BadImageException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tag;
import net.jqwik.api.constraints.IntRange;

/** Damaged kernels are refused with a message or are kernels still; nothing else happens. */
@Tag("simulation")
class KernelFileSimulationTest {
  private static final byte[] VMLINUX = SyntheticKernel.vmlinux(code());
  private static final Map<String, byte[]> FILES = files();

  /** A byte and what it becomes; the place is a fraction of the file, as files differ in length. */
  record Change(double place, byte value) {}

  @Provide
  Arbitrary<String> compressions() {
    return Arbitraries.of(FILES.keySet());
  }

  @Provide
  Arbitrary<List<Change>> changes() {
    return Combinators.combine(
            Arbitraries.doubles().between(0, true, 1, false), Arbitraries.bytes())
        .as(Change::new)
        .list()
        .ofMinSize(1)
        .ofMaxSize(8);
  }

  @Property(tries = 1500)
  void damagedFileIsRefusedOrRead(
      @ForAll("compressions") String compression, @ForAll("changes") List<Change> changes) {
    byte[] file = FILES.get(compression).clone();
    for (Change change : changes) {
      file[(int) (change.place() * file.length)] = change.value();
    }
    useOrRefuse(file);
  }

  /** Most damage above hits the payload; this hits what is decoded by hand. */
  @Property(tries = 1500)
  void damagedHeaderIsRefusedOrRead(
      @ForAll("compressions") String compression,
      @ForAll @IntRange(min = 0x1f1, max = 0x290) int setupOffset,
      @ForAll byte setupValue,
      @ForAll @IntRange(max = 24) int payloadOffset,
      @ForAll byte payloadValue) {
    byte[] file = FILES.get(compression).clone();
    file[setupOffset] = setupValue;
    useOrRefuse(file);
    file = FILES.get(compression).clone();
    file[0x840 + payloadOffset] = payloadValue;
    useOrRefuse(file);
  }

  @Property(tries = 1500)
  void damagedElfFileIsRefusedOrRead(@ForAll("changes") List<Change> changes) {
    byte[] file = VMLINUX.clone();
    for (Change change : changes) {
      // Headers of the file and its segments, then those of its sections.
      int place = (int) (change.place() * 0x270);
      file[place < 0xb0 ? place : 0x3000 + place - 0xb0] = change.value();
    }
    useOrRefuse(file);
  }

  @Property(tries = 500)
  void truncatedFileIsRefused(
      @ForAll("compressions") String compression, @ForAll @IntRange(max = 999) int perMille) {
    byte[] file = FILES.get(compression);
    int length = (int) ((file.length - 32L) * perMille / 1000); // padding lies behind the payload
    assertThat(useOrRefuse(Arrays.copyOf(file, length))).isFalse();
  }

  @Property(tries = 500)
  void anyBytesAreRefused(@ForAll byte[] file) {
    assertThat(useOrRefuse(file)).isFalse();
  }

  /**
   * Whether it could be used, from file to memory; any exception but the two of bad input fails.
   */
  private static boolean useOrRefuse(byte[] file) {
    try {
      RewrittenKernel kernel =
          TscRewriter.rewrite(
              KernelFile.parse("k", file), TimeStampPorts.RDTSC, TimeStampPorts.RDTSCP);
      try {
        LinuxBoot.layOut(kernel, new byte[5000], "", 64 << 20, new byte[32]);
      } catch (BadImageException refusal) {
        assertThat(refusal).hasMessageContaining("segments overlap");
      } catch (IllegalArgumentException refusal) {
        assertThat(refusal.getMessage()).containsAnyOf("too little memory", "command line must be");
      }
      return true;
    } catch (BadImageException refusal) {
      assertThat(refusal).hasMessageMatching("(?s)k( \\(decompressed\\))?: .*");
      return false;
    }
  }

  private static Map<String, byte[]> files() {
    Map<String, byte[]> files = new TreeMap<>();
    for (String compression : SyntheticKernel.COMPRESSIONS) {
      files.put(compression, SyntheticKernel.bzImage(VMLINUX, compression));
    }
    return files;
  }

  /** Bytes that do not compress away. */
  private static byte[] code() {
    byte[] code = new byte[2048];
    for (int index = 0; index < code.length; index++) {
      code[index] = (byte) (0x50 + (((index * index) >> 3) & 0x0f)); // PUSH and POP
    }
    return code;
  }
}
