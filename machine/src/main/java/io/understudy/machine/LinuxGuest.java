package io.understudy.machine;

import io.understudy.machine.linux.BootImage;
import io.understudy.machine.linux.KernelFile;
import io.understudy.machine.linux.LinuxBoot;
import io.understudy.machine.linux.RewrittenKernel;
import io.understudy.machine.linux.TimeStampPorts;
import io.understudy.machine.linux.TscRewriter;
import io.understudy.schemas.Attachments;
import io.understudy.schemas.Hashes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;

/**
 * A Linux kernel with its initial RAM disk. The kernel's reads of the time stamp counter are
 * replaced by accesses to ports of the machine, see {@link TscRewriter}.
 */
public final class LinuxGuest implements GuestProgram {
  private static final long INITRD_MAX_BYTES = 1L << 30;

  private final KernelFile kernel;
  private final RewrittenKernel rewritten;
  private final byte[] initrd;
  private final String initrdSha256;

  /**
   * A guest of files in memory.
   *
   * @param initrd empty for none
   */
  public LinuxGuest(KernelFile kernel, byte[] initrd) {
    this.kernel = kernel;
    this.rewritten = TscRewriter.rewrite(kernel, TimeStampPorts.RDTSC, TimeStampPorts.RDTSCP);
    this.initrd = initrd.clone();
    this.initrdSha256 = initrd.length == 0 ? "" : sha256Hex(initrd);
  }

  /**
   * Reads a guest from files.
   *
   * @param initrd null for none
   * @throws BadImageException if a file cannot be read or the kernel cannot be booted here
   */
  public static LinuxGuest read(Path kernel, Path initrd) {
    return new LinuxGuest(
        KernelFile.read(kernel), initrd == null ? new byte[0] : readInitrd(initrd));
  }

  private static byte[] readInitrd(Path file) {
    try {
      long size = Files.size(file);
      if (size == 0 || size > INITRD_MAX_BYTES) {
        throw new BadImageException(
            "initrd "
                + file
                + ": must have 1 to "
                + INITRD_MAX_BYTES
                + " bytes, as it goes into the guest's memory: bytes="
                + size);
      }
      return Files.readAllBytes(file);
    } catch (IOException failure) {
      throw new BadImageException("initrd " + file + ": cannot be read: " + failure, failure);
    }
  }

  @Override
  public String name() {
    return kernel.name();
  }

  @Override
  public byte[] sha256() {
    return kernel.sha256();
  }

  @Override
  public String boot() {
    return Attachments.LINUX;
  }

  @Override
  public String initrdSha256() {
    return initrdSha256;
  }

  /** What the loader found and replaced, for people. */
  public RewrittenKernel rewritten() {
    return rewritten;
  }

  /** Whether an OUT to {@code port} stands for a read of the time stamp counter. */
  static boolean isTimeStampPort(int port) {
    return port == TimeStampPorts.RDTSC || port == TimeStampPorts.RDTSCP;
  }

  /**
   * Where everything goes in memory.
   *
   * @param seed from which all of the kernel's random numbers follow
   * @throws IllegalArgumentException if memory is too small or the command line does not fit
   */
  BootImage layOut(String commandLine, long memoryBytes, byte[] seed) {
    return LinuxBoot.layOut(rewritten, initrd, commandLine, memoryBytes, seed);
  }

  private static String sha256Hex(byte[] content) {
    return HexFormat.of().formatHex(Hashes.sha256(content));
  }

  @Override
  public String toString() {
    return kernel.toString();
  }
}
