/**
 * The PCI bus of the deterministic PC: configuration mechanism 1, a host bridge, functions with one
 * I/O window each, and the interrupt wires they share.
 *
 * <p>As everything in the machine it is a pure function of its saved state and of the calls made to
 * it. All objects are owned by the vCPU thread of their machine. Restoring never drives an
 * interrupt line: its level is part of the saved interrupt controller.
 */
package io.understudy.machine.pci;
