package io.understudy.log;

/**
 * An evidence file is not what {@link EvidenceWriter} makes: cut off, changed, or another file
 * altogether. What it says of any run is worth nothing.
 *
 * <p>The message names the file, the place in it, expected and actual.
 */
public final class EvidenceDamagedException extends LogException {
  private static final long serialVersionUID = 1L;

  EvidenceDamagedException(String what, String place, Object expected, Object actual) {
    super(message(what, place, expected, actual));
  }

  EvidenceDamagedException(
      String what, String place, Object expected, Object actual, Throwable cause) {
    super(message(what, place, expected, actual), cause);
  }

  private static String message(String what, String place, Object expected, Object actual) {
    return "evidence is damaged: "
        + what
        + ": "
        + place
        + " expected="
        + expected
        + " actual="
        + actual;
  }
}
