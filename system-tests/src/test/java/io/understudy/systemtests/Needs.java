package io.understudy.systemtests;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import io.understudy.kvm.Kvm;
import io.understudy.kvm.KvmUnavailableException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * What a test needs of its host: skipped with the reason where that may be missing, else failed.
 */
public final class Needs {
  /** Debian's own, which has what Debian's packages install, whatever else is on the path. */
  static final String PYTHON = "/usr/bin/python3";

  private Needs() {}

  /** A usable /dev/kvm; {@code UNDERSTUDY_REQUIRE_KVM=1} says that there must be one. */
  public static void kvm() {
    try {
      Kvm.open().close();
    } catch (KvmUnavailableException e) {
      missing("1".equals(System.getenv("UNDERSTUDY_REQUIRE_KVM")), e.getMessage());
    }
  }

  /** A program on the path; {@code CI=true} says that it must be there. */
  static void program(String name, String debianPackage) {
    boolean isThere =
        Arrays.stream(System.getenv("PATH").split(":", -1))
            .anyMatch(directory -> Files.isExecutable(Path.of(directory, name)));
    if (!isThere) {
      missing(
          "true".equals(System.getenv("CI")),
          "program is missing: name=" + name + " debianPackage=" + debianPackage);
    }
  }

  /** A module of {@link #PYTHON}; {@code CI=true} says that it must be there. */
  static void pythonModule(String name, String debianPackage)
      throws IOException, InterruptedException {
    boolean isThere =
        Files.isExecutable(Path.of(PYTHON))
            && new ProcessBuilder(PYTHON, "-c", "import " + name)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start()
                    .waitFor()
                == 0;
    if (!isThere) {
      missing(
          "true".equals(System.getenv("CI")),
          "Python module is missing: name=" + name + " debianPackage=" + debianPackage);
    }
  }

  private static void missing(boolean isRequired, String reason) {
    if (isRequired) {
      fail(reason);
    }
    abort(reason);
  }
}
