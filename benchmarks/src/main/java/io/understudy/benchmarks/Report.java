package io.understudy.benchmarks;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;

/** What a measurement found, for programs and for people. */
public interface Report {
  /** One object, whose field {@code benchmark} names the measurement. */
  ObjectNode json();

  /** A table. */
  String table();

  /** Prints it to {@code out}, as JSON in one line or as a table. */
  default void print(PrintWriter out, boolean isJson) {
    try {
      out.println(isJson ? new ObjectMapper().writeValueAsString(json()) : table());
      out.flush();
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of numbers and texts cannot be written", e);
    }
  }
}
