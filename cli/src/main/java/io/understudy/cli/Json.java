package io.understudy.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * JSON as this program writes it: names are built by hand, so that they do not change when a class
 * does. 64-bit digests and addresses are hexadecimal text, because many readers of JSON have only
 * 53 bits. Stateless.
 */
final class Json {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private Json() {}

  static ObjectNode object() {
    return MAPPER.createObjectNode();
  }

  /** On one line. */
  static String line(JsonNode node) {
    try {
      return MAPPER.writeValueAsString(node);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree can always be written", e);
    }
  }

  /** For people who look at it. */
  static String pretty(JsonNode node) {
    return node.toPrettyString();
  }

  /** A 64-bit address or digest. */
  static String hex(long value) {
    return String.format("0x%016x", value);
  }
}
