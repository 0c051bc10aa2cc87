/**
 * {@code /dev/kvm} for Java: a raw layer (package-private classes named after the kernel's
 * structures) and a typed layer (one public class per kernel object: {@link io.understudy.kvm.Kvm},
 * {@link io.understudy.kvm.VirtualMachine}, {@link io.understudy.kvm.GuestMemory}, {@link
 * io.understudy.kvm.Vcpu}).
 *
 * <p>Guarantee: no JNA type and no buffer over kernel memory leaves this package; whatever is
 * returned is copied, except the register views, which say so. Linux on x86-64 only; anything else
 * ends in a {@link io.understudy.kvm.KvmUnavailableException}.
 *
 * <p>Thread rule: a {@link io.understudy.kvm.Vcpu} belongs to the thread that bound it, every other
 * object to one thread at a time; {@link io.understudy.kvm.Vcpu#kick()} alone may come from
 * anywhere.
 */
package io.understudy.kvm;
