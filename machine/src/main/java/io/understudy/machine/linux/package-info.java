/**
 * Turns a Linux kernel file into what the machine loads: finds and decompresses the kernel proper,
 * replaces the instructions that read the time stamp counter, and lays out memory as the boot
 * protocol asks.
 *
 * <p>Everything here is a pure function of its arguments: no clock, thread, random source or hash
 * order, so the same files give the same bytes on every host. The order of use is {@link
 * io.understudy.machine.linux.KernelFile}, {@link io.understudy.machine.linux.TscRewriter}, {@link
 * io.understudy.machine.linux.LinuxCommandLine}, {@link io.understudy.machine.linux.LinuxBoot}.
 */
package io.understudy.machine.linux;
