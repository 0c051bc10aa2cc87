package io.understudy.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The bytes of every version can be read for ever, and those of the newest are what is written.
 *
 * <p>The files were written once by the code of their time and must not be written again: when a
 * schema changes, a directory for the new version is added, and the writing half of this test moves
 * to it.
 */
class GoldenBytesTest {
  private static final Path VERSION_1 = Path.of("src/test/golden/1");
  private static final Path VERSION_2 = Path.of("src/test/golden/2");

  static Stream<String> eventNames() {
    return Samples.events().keySet().stream();
  }

  static Stream<String> eventNamesOfVersion1() {
    return Samples.eventsOfVersion1().keySet().stream();
  }

  @ParameterizedTest
  @MethodSource("eventNamesOfVersion1")
  void eventIsReadAsEver_whenOfVersion1(String name) {
    byte[] golden = HexFormat.of().parseHex(read(VERSION_1, name));
    assertThat(EventCodec.decode(golden)).isEqualTo(Samples.eventsOfVersion1().get(name));
  }

  @Test
  void heartbeatIsReadAsEver_whenOfVersion1() {
    assertThat(HeartbeatCodec.decode(HexFormat.of().parseHex(read(VERSION_1, "Heartbeat"))))
        .isEqualTo(Samples.heartbeatOfVersion1());
  }

  @Test
  void epochHashIsAsEver_whenOfVersion1() {
    // Over the bytes as they were written: a verifier needs no encoder of the old version.
    HashChain chain = new HashChain();
    Samples.eventsOfVersion1()
        .keySet()
        .forEach(name -> chain.add(HexFormat.of().parseHex(read(VERSION_1, name))));
    assertThat(close(chain, Samples.eventsOfVersion1())).isEqualTo(read(VERSION_1, "HashChain"));
  }

  @ParameterizedTest
  @MethodSource("eventNames")
  void eventIsReadAndWrittenAsEver_whenOfVersion2(String name) {
    check(name, Samples.events().get(name), EventCodec::encode, EventCodec::decode);
  }

  @Test
  void sharedRecordsAreReadAndWrittenAsEver_whenOfVersion2() {
    check("VmRecord", Samples.vm(), VmCodec::encode, VmCodec::decode);
    check("Heartbeat", Samples.heartbeat(), HeartbeatCodec::encode, HeartbeatCodec::decode);
    check("MachineState", Samples.machine(), MachineStateCodec::encode, MachineStateCodec::decode);
  }

  @Test
  void ordersAreReadAndWrittenAsEver_whenOfVersion2() {
    Samples.orders()
        .forEach((name, order) -> check(name, order, ControlCodec::encode, ControlCodec::decode));
  }

  @Test
  void snapshotsAreReadAndWrittenAsEver_whenOfVersion2() {
    Samples.snapshots()
        .forEach((name, part) -> check(name, part, SnapshotCodec::encode, SnapshotCodec::decode));
  }

  @Test
  void epochHashIsAsEver_whenOfVersion2() {
    assertThat(hash(Samples.events())).isEqualTo(read(VERSION_2, "HashChain"));
  }

  private static String hash(Map<String, EventRecord> events) {
    HashChain chain = new HashChain();
    events.values().forEach(event -> chain.add(EventCodec.encode(event)));
    return close(chain, events);
  }

  private static String close(HashChain chain, Map<String, EventRecord> events) {
    GuestEvent.EpochCommitted mark =
        (GuestEvent.EpochCommitted) events.get("Event-EpochCommitted").event();
    return HexFormat.of().formatHex(chain.close(991, 2, 123_456, 0x1000, -9, mark));
  }

  private static <T> void check(
      String name, T sample, Function<T, byte[]> encode, Function<byte[], T> decode) {
    byte[] golden = HexFormat.of().parseHex(read(VERSION_2, name));
    assertThat(decode.apply(golden)).as("%s read", name).isEqualTo(sample);
    assertThat(HexFormat.of().formatHex(encode.apply(sample)))
        .as("%s written", name)
        .isEqualTo(HexFormat.of().formatHex(golden));
  }

  private static String read(Path version, String name) {
    try {
      return Files.readString(version.resolve(name + ".hex"), StandardCharsets.US_ASCII).strip();
    } catch (IOException e) {
      throw new IllegalStateException("no golden bytes: name=" + name, e);
    }
  }

  /** Writes the golden files of this code, for the first release of a version. */
  public static void main(String[] args) throws IOException {
    Map<String, byte[]> files = new LinkedHashMap<>();
    Samples.events().forEach((name, event) -> files.put(name, EventCodec.encode(event)));
    files.put("VmRecord", VmCodec.encode(Samples.vm()));
    Samples.orders().forEach((name, order) -> files.put(name, ControlCodec.encode(order)));
    files.put("Heartbeat", HeartbeatCodec.encode(Samples.heartbeat()));
    files.put("MachineState", MachineStateCodec.encode(Samples.machine()));
    Samples.snapshots().forEach((name, part) -> files.put(name, SnapshotCodec.encode(part)));
    files.put("HashChain", HexFormat.of().parseHex(hash(Samples.events())));
    Path directory = Path.of(args[0]);
    Files.createDirectories(directory);
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      Files.writeString(
          directory.resolve(file.getKey() + ".hex"),
          HexFormat.of().formatHex(file.getValue()) + "\n",
          StandardCharsets.US_ASCII);
    }
  }
}
