package io.understudy.benchmarks.compute;

/** Finds the ends of replies of the Redis protocol. Owned by one thread. */
final class ReplyReader {
  private final StringBuilder line = new StringBuilder();
  private int elements = 1;
  private boolean isContent;
  private boolean isBegun;
  private boolean isError;

  /** Takes the next byte; true if it is the last one of a reply. */
  boolean accept(byte value) {
    if (!isBegun) {
      isBegun = true;
      isError = value == '-';
    }
    if (value != '\n') {
      line.append((char) value);
      return false;
    }
    String text = line.toString().trim();
    line.setLength(0);
    if (isContent) {
      isContent = false;
      elements--;
    } else if (text.startsWith("*")) {
      elements += Integer.parseInt(text.substring(1)) - 1;
    } else if (text.startsWith("$")) {
      isContent = true;
    } else {
      elements--;
    }
    if (elements > 0) {
      return false;
    }
    elements = 1;
    isBegun = false;
    return true;
  }

  /** Whether the next byte is the first one of a reply. */
  boolean isAtBegin() {
    return !isBegun;
  }

  /** Whether the last reply is an error. */
  boolean isError() {
    return isError;
  }
}
