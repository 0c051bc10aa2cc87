package io.understudy.cli;

import io.understudy.machine.GuestFiles;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/**
 * Where this host has what a guest is made of; the same for primary, standby and replay, which
 * compare digests with what the run recorded.
 */
final class GuestOptions {
  @Option(
      names = "--guest",
      paramLabel = "NAME|FILE",
      description =
          "A bare-metal guest: 'ledger', which is built in, or a 64-bit ELF file. Where a run is"
              + " recorded already, its guest's name when not given.")
  private String guest;

  @Option(
      names = "--kernel",
      paramLabel = "FILE",
      description = "A Linux kernel: bzImage (vmlinuz) or vmlinux.")
  private Path kernel;

  @Option(
      names = "--initrd",
      paramLabel = "FILE",
      description = "The kernel's initial RAM disk; best an uncompressed cpio archive.")
  private Path initrd;

  @Option(
      names = "--disk",
      paramLabel = "FILE",
      description = "A raw disk image. It is never written: what the guest writes is kept beside.")
  private Path disk;

  GuestFiles files() {
    return new GuestFiles(guest, kernel, initrd, disk);
  }

  /** The kernel's file, or null. */
  Path kernel() {
    return kernel;
  }

  /** The bare-metal guest that was asked for, or null. */
  String guest() {
    return guest;
  }
}
