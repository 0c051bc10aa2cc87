/**
 * Whole processes on one host, killed and frozen for real, and the rules that hold over all
 * modules.
 *
 * <p>Tests named {@code ...IT} need a usable {@code /dev/kvm}. Without one they are skipped and say
 * why, unless {@code UNDERSTUDY_REQUIRE_KVM=1} makes that a failure. Their data and the output of
 * every process stay in {@code target/system-tests/NAME} until the next run.
 */
package io.understudy.systemtests;
