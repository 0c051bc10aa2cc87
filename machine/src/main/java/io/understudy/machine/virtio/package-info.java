/**
 * Virtio devices over legacy PCI: block, network, console and entropy, as the drivers of stock
 * kernels find them (virtio 0.9.5; virtio 1.1, the "Legacy Interface" sections).
 *
 * <p>A device does its work within the guest's own port access, or within the call that brings it
 * something from outside, and is then done: nothing is ever in flight. So it is a pure function of
 * its saved state, of guest memory and of those calls, and needs no log entries of its own. All
 * objects are owned by the vCPU thread of their machine. Restoring never drives an interrupt line.
 *
 * <p><b>A guest that breaks the rules</b> of the virtqueues (rings or buffers outside of RAM,
 * chains that loop or point nowhere, more buffers than the ring holds; see {@link
 * io.understudy.machine.virtio.VirtioFault}) breaks its own device and nothing else: the device
 * stops where it noticed, shows DEVICE_NEEDS_RESET in its status and ignores its queues until the
 * guest resets it. What the guest asks for within the rules but cannot have, such as sectors beyond
 * the disk, is answered as the device's protocol says.
 */
package io.understudy.machine.virtio;
