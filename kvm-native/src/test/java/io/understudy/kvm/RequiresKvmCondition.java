package io.understudy.kvm;

import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/** The condition behind {@link RequiresKvm}. */
final class RequiresKvmCondition implements ExecutionCondition {
  private static final String SETTING = "UNDERSTUDY_REQUIRE_KVM";

  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    try (Kvm kvm = Kvm.open()) {
      kvm.createVirtualMachine().close();
      return ConditionEvaluationResult.enabled("KVM works");
    } catch (KvmUnavailableException | KvmException e) {
      return decide(e, isRequired(System.getenv(SETTING), System.getProperty(SETTING)));
    }
  }

  static boolean isRequired(String environment, String property) {
    return "1".equals(environment) || "1".equals(property);
  }

  static ConditionEvaluationResult decide(RuntimeException reason, boolean isRequired) {
    if (isRequired) {
      throw new IllegalStateException(SETTING + "=1, but " + reason.getMessage(), reason);
    }
    return ConditionEvaluationResult.disabled(reason.getMessage());
  }
}
