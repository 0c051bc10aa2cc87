/**
 * Disks of the deterministic PC: an unchanging base image with the guest's writes kept above it in
 * memory, so that a replica needs nothing but the image and the log.
 *
 * <p>All objects are owned by the vCPU thread of their machine.
 */
package io.understudy.machine.disk;
