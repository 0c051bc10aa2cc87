package io.understudy.containertests;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * The device that nodes in containers get, as compose.yaml names it: {@code KVM_DEVICE}, or that of
 * the host. As a condition it skips a class where there is none; {@code UNDERSTUDY_REQUIRE_KVM=1}
 * says that there must be one, and the class fails. Whether it is usable the containers find out.
 */
final class Kvm implements ExecutionCondition {
  private static final String DEFAULT_DEVICE = "/dev/kvm";

  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    if (Files.exists(device())) {
      return ConditionEvaluationResult.enabled("the device is there");
    }
    String reason = "no device for the nodes: KVM_DEVICE=" + device();
    if ("1".equals(System.getenv("UNDERSTUDY_REQUIRE_KVM"))) {
      throw new IllegalStateException(reason);
    }
    return ConditionEvaluationResult.disabled(reason);
  }

  /** The group that may use it: {@code KVM_GID}, or the device's. */
  static String group() throws IOException {
    String given = System.getenv("KVM_GID");
    return given != null ? given : Files.getAttribute(device(), "unix:gid").toString();
  }

  private static Path device() {
    String given = System.getenv("KVM_DEVICE");
    return Path.of(given != null ? given : DEFAULT_DEVICE);
  }
}
