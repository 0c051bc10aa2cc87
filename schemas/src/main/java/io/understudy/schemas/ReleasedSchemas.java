package io.understudy.schemas;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;

/**
 * Every schema this build can read: all released versions, which are in the jar.
 *
 * <p>The version that is current is released too: {@code src/main/avro} and the highest directory
 * of {@code released} hold the same schemas, and a test keeps them equal in meaning.
 */
public final class ReleasedSchemas {
  /** Version of the schemas that this program writes; it reads all before, too. */
  public static final int NEWEST_VERSION = 2;

  private static final List<String> NAMES =
      List.of("Event", "VmRecord", "ControlRecord", "Heartbeat", "MachineState");

  /** Records that were not there from the start, with the version that they came with. */
  private static final Map<String, Integer> LATER_NAMES = Map.of("Snapshot", 2);

  private ReleasedSchemas() {}

  /**
   * One released schema.
   *
   * @param name the record's name without namespace
   * @param version release it came with, from 1
   * @param fingerprint CRC-64-AVRO of its parsing canonical form, as it stands in every record
   * @param json its text with documentation
   */
  public record Released(String name, int version, long fingerprint, String json) {
    /** The fingerprint as 16 hexadecimal digits: the key in {@link Topics#SCHEMAS}. */
    public String fingerprintHex() {
      return hex(fingerprint);
    }

    /** The parsed schema. */
    Schema schema() {
      return new Schema.Parser().parse(json);
    }
  }

  /** All released schemas of all record types, oldest version first. */
  public static List<Released> all() {
    List<Released> all = new ArrayList<>();
    for (int version = 1; version <= NEWEST_VERSION; version++) {
      for (String name : NAMES) {
        all.add(read(name, version));
      }
      for (Map.Entry<String, Integer> later : new TreeMap<>(LATER_NAMES).entrySet()) {
        if (version >= later.getValue()) {
          all.add(read(later.getKey(), version));
        }
      }
    }
    return List.copyOf(all);
  }

  static String hex(long fingerprint) {
    return String.format("%016x", fingerprint);
  }

  private static Released read(String name, int version) {
    String path = "released/" + version + "/" + name + ".avsc";
    try (InputStream in = ReleasedSchemas.class.getResourceAsStream(path)) {
      if (in == null) {
        throw new IllegalStateException("released schema is not in the jar: path=" + path);
      }
      String json = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      Schema schema = new Schema.Parser().parse(json);
      return new Released(name, version, SchemaNormalization.parsingFingerprint64(schema), json);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
