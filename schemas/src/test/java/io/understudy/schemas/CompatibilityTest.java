package io.understudy.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.SchemaValidationException;
import org.apache.avro.SchemaValidator;
import org.apache.avro.SchemaValidatorBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every schema can read every released version of itself, and be read by it (FULL_TRANSITIVE), but
 * for event types that the version did not have: no program can apply what it does not know.
 */
class CompatibilityTest {
  private static final Path CURRENT = Path.of("src/main/avro");
  private static final Path RELEASED = Path.of("released");

  @ParameterizedTest
  @ValueSource(
      strings = {"Event", "VmRecord", "ControlRecord", "Heartbeat", "MachineState", "Snapshot"})
  void currentSchemaIsCompatible_withEveryReleasedVersion(String name) throws Exception {
    SchemaValidator reads = new SchemaValidatorBuilder().canReadStrategy().validateAll();
    SchemaValidator isRead = new SchemaValidatorBuilder().canBeReadStrategy().validateAll();
    Schema current = parse(CURRENT.resolve(name + ".avsc"));
    reads.validate(current, released(name));
    for (Schema released : released(name)) {
      isRead.validate(withPayloadsOf(released, current), List.of(released));
    }
  }

  /** The schema without the event types that {@code released} does not have. */
  private static Schema withPayloadsOf(Schema released, Schema current) {
    if (current.getField("payload") == null) {
      return current;
    }
    Set<String> known =
        released.getField("payload").schema().getTypes().stream()
            .map(Schema::getFullName)
            .collect(Collectors.toSet());
    List<Schema.Field> fields = new ArrayList<>();
    for (Schema.Field field : current.getFields()) {
      Schema type = field.schema();
      if (field.name().equals("payload")) {
        type =
            Schema.createUnion(
                type.getTypes().stream().filter(t -> known.contains(t.getFullName())).toList());
      }
      fields.add(new Schema.Field(field.name(), type, field.doc(), field.defaultVal()));
    }
    return Schema.createRecord(
        current.getName(), current.getDoc(), current.getNamespace(), false, fields);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"Event", "VmRecord", "ControlRecord", "Heartbeat", "MachineState", "Snapshot"})
  void newestReleaseMeansTheSameAsTheSource(String name) throws IOException {
    // Otherwise records would be written with a schema that no release can look up.
    List<Schema> released = released(name);
    assertThat(SchemaNormalization.toParsingForm(released.get(released.size() - 1)))
        .isEqualTo(SchemaNormalization.toParsingForm(parse(CURRENT.resolve(name + ".avsc"))));
  }

  @Test
  void everySourceIsReleasedAndInTheJar() throws IOException {
    try (Stream<Path> files = Files.list(CURRENT)) {
      List<String> sources =
          files.map(file -> file.getFileName().toString().replace(".avsc", "")).sorted().toList();
      assertThat(ReleasedSchemas.all())
          .extracting(ReleasedSchemas.Released::name)
          .containsAll(sources);
    }
    assertThat(ReleasedSchemas.all())
        .allSatisfy(schema -> assertThat(schema.fingerprintHex()).hasSize(16));
  }

  @Test
  void everyFieldIsDocumented() throws IOException {
    Map<String, String> missing = new TreeMap<>();
    for (ReleasedSchemas.Released released : ReleasedSchemas.all()) {
      collectUndocumented(released.schema(), missing);
    }
    assertThat(missing).isEmpty();
  }

  @Test
  void validatorRefuses_whenAFieldWithoutDefaultIsAdded() throws IOException {
    Schema current = parse(CURRENT.resolve("ControlRecord.avsc"));
    Schema changed =
        new Schema.Parser()
            .parse(
                current
                    .toString()
                    .replaceFirst(
                        "\"fields\":\\[", "\"fields\":[{\"name\":\"added\",\"type\":\"int\"},"));
    SchemaValidator validator = new SchemaValidatorBuilder().mutualReadStrategy().validateAll();
    assertThatThrownBy(() -> validator.validate(changed, List.of(current)))
        .isInstanceOf(SchemaValidationException.class);
  }

  private static void collectUndocumented(Schema schema, Map<String, String> missing) {
    switch (schema.getType()) {
      case RECORD -> {
        for (Schema.Field field : schema.getFields()) {
          if (field.doc() == null || field.doc().isBlank()) {
            missing.put(schema.getName() + "." + field.name(), "no doc");
          }
          collectUndocumented(field.schema(), missing);
        }
      }
      case UNION -> schema.getTypes().forEach(type -> collectUndocumented(type, missing));
      case ARRAY -> collectUndocumented(schema.getElementType(), missing);
      default -> {}
    }
  }

  private static List<Schema> released(String name) throws IOException {
    try (Stream<Path> versions = Files.list(RELEASED)) {
      return versions
          .sorted()
          .map(version -> version.resolve(name + ".avsc"))
          .filter(Files::exists)
          .map(CompatibilityTest::parse)
          .toList();
    }
  }

  private static Schema parse(Path file) {
    try {
      return new Schema.Parser().parse(file.toFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
