package io.understudy.kvm;

import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Skips a test with the reason when {@code /dev/kvm} cannot be used. With the environment variable
 * or system property {@code UNDERSTUDY_REQUIRE_KVM=1} it fails instead, so that a machine that is
 * meant to have KVM cannot pass without it.
 */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@Inherited
@ExtendWith(RequiresKvmCondition.class)
public @interface RequiresKvm {}
