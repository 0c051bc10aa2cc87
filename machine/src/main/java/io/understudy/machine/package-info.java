/**
 * The deterministic PC: one vCPU on KVM, devices in plain Java, and a loop that is the same for
 * capture and replay.
 *
 * <p>Everything in here is a pure function of the machine's start state and of the logged inputs
 * handed to {@link io.understudy.machine.Machine#apply}. There is no clock, thread, random source,
 * file or locale below this package; the build bans the calls. One thread, the vCPU thread, owns a
 * machine and everything in it.
 */
package io.understudy.machine;
