package io.understudy.cli;

import java.util.regex.Pattern;

/** Text of a log or a file, made fit for one line of a terminal. Stateless. */
final class Printable {
  private static final Pattern LINE_BREAKS = Pattern.compile("\\s*\\R\\s*");

  /** What could speak to a terminal, or show what is not there: controls, formats, separators. */
  private static final Pattern UNPRINTABLE = Pattern.compile("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]");

  private Printable() {}

  /** The text on one line, with a question mark for each character that cannot be shown. */
  static String line(String text) {
    return UNPRINTABLE.matcher(LINE_BREAKS.matcher(text).replaceAll(" ")).replaceAll("?");
  }
}
