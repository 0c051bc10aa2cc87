/**
 * The devices of the deterministic PC: interrupt controllers, timers, serial port, clock, keyboard
 * controller and reset ports. The PCI bus and the devices on it are in packages of their own.
 *
 * <p>A device is a pure function of its saved state and of the calls made to it: guest port
 * accesses, bytes from outside, and the virtual clock. It reads no host clock, random source, file
 * or locale and starts no thread, so the same calls give the same answers while capturing and while
 * replaying. Every device can be saved to, and restored from, an immutable record that holds all of
 * its state; restoring never drives an interrupt line, because the level of the line is part of the
 * saved interrupt controller.
 *
 * <p>All objects of this package are owned by the vCPU thread of their machine.
 *
 * <p>Ports that need no device: 0x80 and 0xED (delay), 0xF0, 0x402, 0x510, the VGA range and the
 * unused serial ports behave as {@link io.understudy.machine.devices.PortBus} does for every port
 * nobody has attached: reads give all ones, writes are ignored.
 */
package io.understudy.machine.devices;
