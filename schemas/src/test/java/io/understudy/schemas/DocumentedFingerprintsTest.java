package io.understudy.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Readers that have nothing but docs/formats.md find the fingerprints there. */
class DocumentedFingerprintsTest {
  private static final Path FORMATS = Path.of("..", "docs", "formats.md");

  /** A row of the table: the schema's name, then a column for each version. */
  private static final Pattern ROW =
      Pattern.compile("\\| `(\\w+)` ((?:\\| (?:`[0-9a-f]{16}` )?)+)\\|");

  @Test
  void tableHasTheFingerprintOfEveryReleasedSchema_andNoOther() throws IOException {
    Set<String> documented = new TreeSet<>();
    for (String line : Files.readAllLines(FORMATS)) {
      Matcher row = ROW.matcher(line);
      if (row.matches()) {
        // Nothing stands before the first column.
        String[] cells = row.group(2).split("\\|", -1);
        for (int version = 1; version < cells.length; version++) {
          String fingerprint = cells[version].replace("`", "").trim();
          if (!fingerprint.isEmpty()) {
            documented.add(row.group(1) + " " + version + " " + fingerprint);
          }
        }
      }
    }
    assertThat(documented)
        .isEqualTo(
            ReleasedSchemas.all().stream()
                .map(one -> one.name() + " " + one.version() + " " + one.fingerprintHex())
                .collect(Collectors.toCollection(TreeSet::new)));
  }

  @Test
  void firstBytesOfAnEventAreThoseOfTheExample() throws IOException {
    byte[] wire = EventCodec.encode(Samples.events().values().iterator().next());
    String first = HexFormat.ofDelimiter(" ").withUpperCase().formatHex(wire, 0, 10);
    assertThat(Files.readString(FORMATS)).contains("`" + first + "`");
  }
}
