package io.understudy.schemas;

import io.understudy.schemas.avro.Event;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.Conversions;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificData;

/**
 * Avro's data model for the generated records.
 *
 * <p>Since 1.12.1 Avro loads no class that a schema names unless it is on a JVM-wide list of
 * trusted packages. Schemas never come from outside here (a record carries a fingerprint, not a
 * schema), so the generated package can be trusted, and it is trusted for this model only.
 * Thread-safe.
 */
final class OwnClassesData extends SpecificData {
  private static final String PACKAGE = Event.class.getPackageName();

  private final Map<String, Class<?>> classes = new ConcurrentHashMap<>();

  OwnClassesData() {
    super(OwnClassesData.class.getClassLoader());
    addLogicalTypeConversion(new Conversions.UUIDConversion());
  }

  @Override
  public Class<?> getClass(Schema schema) {
    return switch (schema.getType()) {
      case RECORD, ENUM, FIXED ->
          PACKAGE.equals(schema.getNamespace())
              ? classes.computeIfAbsent(schema.getFullName(), this::load)
              : super.getClass(schema);
      default -> super.getClass(schema);
    };
  }

  private Class<?> load(String name) {
    try {
      return Class.forName(name, true, getClassLoader());
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException("no class was generated for a schema: name=" + name, e);
    }
  }
}
