package io.understudy.machine;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Device states as bytes: the components of a record in the order of their declaration, big-endian,
 * arrays and lists with their length first, nested records in place.
 *
 * <p>Types: int, long, boolean, byte[], int[], records and lists of records; nothing is null. The
 * order of declaration is part of the format, which the golden test of the machine's state pins; a
 * change needs a new {@link Machine#VERSION}.
 */
final class RecordCodec {
  private static final int MAX_ARRAY = 1 << 20;

  /** Looked up once: every epoch's digest encodes all states. */
  private static final ClassValue<List<Method>> ACCESSORS =
      new ClassValue<>() {
        @Override
        protected List<Method> computeValue(Class<?> type) {
          List<Method> accessors =
              Arrays.stream(type.getRecordComponents()).map(RecordComponent::getAccessor).toList();
          accessors.forEach(accessor -> accessor.setAccessible(true));
          return accessors;
        }
      };

  private RecordCodec() {}

  static byte[] encode(Record state) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      write(out, state);
    } catch (IOException impossible) {
      throw new UncheckedIOException("writing to memory failed", impossible);
    }
    return bytes.toByteArray();
  }

  /**
   * Reads what {@link #encode} wrote.
   *
   * @throws IllegalArgumentException if the bytes are not exactly one {@code type}
   */
  static <T extends Record> T decode(Class<T> type, byte[] bytes) {
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
      T state = type.cast(read(in, type));
      if (in.available() > 0) {
        throw new IllegalArgumentException(
            type.getSimpleName() + ": bytes left over: count=" + in.available());
      }
      return state;
    } catch (IOException truncated) {
      throw new IllegalArgumentException(
          type.getSimpleName() + ": state is truncated: length=" + bytes.length, truncated);
    }
  }

  private static void write(DataOutputStream out, Object value) throws IOException {
    if (value instanceof Integer number) {
      out.writeInt(number);
    } else if (value instanceof Long number) {
      out.writeLong(number);
    } else if (value instanceof Boolean flag) {
      out.writeBoolean(flag);
    } else if (value instanceof byte[] array) {
      out.writeInt(array.length);
      out.write(array);
    } else if (value instanceof int[] array) {
      out.writeInt(array.length);
      for (int element : array) {
        out.writeInt(element);
      }
    } else if (value instanceof List<?> list) {
      out.writeInt(list.size());
      for (Object element : list) {
        write(out, element);
      }
    } else if (value instanceof Record nested) {
      for (Method accessor : ACCESSORS.get(nested.getClass())) {
        write(out, valueOf(nested, accessor));
      }
    } else {
      throw new IllegalArgumentException("no device state holds a " + value.getClass());
    }
  }

  private static Object read(DataInputStream in, Class<?> type) throws IOException {
    if (type == int.class) {
      return in.readInt();
    } else if (type == long.class) {
      return in.readLong();
    } else if (type == boolean.class) {
      return in.readBoolean();
    } else if (type == byte[].class) {
      return in.readNBytes(length(in));
    } else if (type == int[].class) {
      int[] array = new int[length(in)];
      for (int index = 0; index < array.length; index++) {
        array[index] = in.readInt();
      }
      return array;
    } else if (type.isRecord()) {
      RecordComponent[] components = type.getRecordComponents();
      Object[] values = new Object[components.length];
      for (int index = 0; index < values.length; index++) {
        values[index] = read(in, components[index]);
      }
      return construct(type, components, values);
    }
    throw new IllegalArgumentException("no device state holds a " + type);
  }

  private static Object read(DataInputStream in, RecordComponent component) throws IOException {
    if (component.getType() != List.class) {
      return read(in, component.getType());
    }
    Class<?> elementType =
        (Class<?>) ((ParameterizedType) component.getGenericType()).getActualTypeArguments()[0];
    List<Object> list = new ArrayList<>();
    for (int left = length(in); left > 0; left--) {
      list.add(read(in, elementType));
    }
    return list;
  }

  private static int length(DataInputStream in) throws IOException {
    int length = in.readInt();
    if (length < 0 || length > MAX_ARRAY) {
      throw new IllegalArgumentException(
          "array length must be in [0, " + MAX_ARRAY + "], is " + length);
    }
    return length;
  }

  private static Object valueOf(Record state, Method accessor) {
    try {
      return accessor.invoke(state);
    } catch (ReflectiveOperationException failure) {
      throw new IllegalStateException(state.getClass() + ": " + accessor, failure);
    }
  }

  private static Object construct(Class<?> type, RecordComponent[] components, Object[] values) {
    List<Class<?>> types =
        List.copyOf(Arrays.stream(components).<Class<?>>map(RecordComponent::getType).toList());
    try {
      var constructor = type.getDeclaredConstructor(types.toArray(Class<?>[]::new));
      constructor.setAccessible(true);
      return constructor.newInstance(values);
    } catch (ReflectiveOperationException failure) {
      throw new IllegalArgumentException(
          type.getSimpleName() + ": state is not valid: " + failure.getCause(), failure);
    }
  }
}
