package io.understudy.benchmarks;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** What a measurement ran on, as far as it says something about the figures. */
public final class Host {
  private Host() {}

  /** Processors, kernel and Java. */
  public static ObjectNode json() {
    return JsonNodeFactory.instance
        .objectNode()
        .put("processors", Runtime.getRuntime().availableProcessors())
        .put("kernel", System.getProperty("os.version"))
        .put("java", System.getProperty("java.vm.version"));
  }

  /** The same in one line. */
  public static String text() {
    ObjectNode host = json();
    return "processors "
        + host.path("processors").asText()
        + ", kernel "
        + host.path("kernel").asText()
        + ", Java "
        + host.path("java").asText();
  }
}
