package io.understudy.machine;

import io.understudy.machine.disk.FileDisk;
import io.understudy.schemas.Attachments;
import io.understudy.schemas.GuestEvent.RunStarted;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where this host has the files that guests are made of.
 *
 * @param guest a bare-metal guest's name or file; null for the name that the run has recorded
 * @param kernel a Linux kernel, or null
 * @param initrd its initial RAM disk, or null
 * @param disk a disk image, or null
 */
public record GuestFiles(String guest, Path kernel, Path initrd, Path disk) {
  /** Nothing but the guests that are built in. */
  public static final GuestFiles BUILT_IN = new GuestFiles(null, null, null, null);

  /** Refuses files that nothing would use. */
  public GuestFiles {
    if (kernel != null && guest != null) {
      throw new IllegalArgumentException(
          "a guest is either a kernel or a bare-metal program: kernel="
              + kernel
              + " guest="
              + guest);
    }
    if (initrd != null && kernel == null) {
      throw new IllegalArgumentException("an initrd needs a kernel: initrd=" + initrd);
    }
  }

  /**
   * Finds out, before anything waits for a run, whether the files are there at all.
   *
   * @throws BadImageException if one cannot be read
   */
  public void requireReadable() {
    requireReadable("kernel", kernel);
    requireReadable("initrd", initrd);
    requireReadable("disk", disk);
  }

  private static void requireReadable(String what, Path file) {
    if (file != null && !(Files.isRegularFile(file) && Files.isReadable(file))) {
      String why =
          Files.notExists(file)
              ? "does not exist"
              : Files.isRegularFile(file) ? "may not be read" : "is no regular file";
      throw new BadImageException(what + " " + file + ": " + why);
    }
  }

  /**
   * Reads the parts of a machine for a new run.
   *
   * @param otherwise name of the bare-metal guest if neither kernel nor guest is given
   * @throws BadImageException if a file cannot be read or is not what it should be
   */
  public MachineParts read(String otherwise) {
    requireReadable();
    GuestProgram program =
        kernel != null
            ? LinuxGuest.read(kernel, initrd)
            : GuestImages.find(guest == null ? otherwise : guest);
    return new MachineParts(program, disk == null ? null : FileDisk.read(disk));
  }

  /**
   * Reads the parts of a machine that repeats a run; whether they are the recorded ones is compared
   * by {@link RunHeader#accept}.
   *
   * @throws BadImageException if a file cannot be read or is not what it should be
   * @throws RunRefusedException if a file is missing or too much
   */
  public MachineParts read(RunStarted header) {
    Attachments recorded = header.attachments();
    boolean isLinux = recorded.boot().equals(Attachments.LINUX);
    requireSame("a kernel", "--kernel", isLinux ? header.guest() : "", kernel);
    String initrdSha256 = recorded.initrdSha256();
    requireSame(
        "an initrd", "--initrd", initrdSha256.isEmpty() ? "" : "sha256=" + initrdSha256, initrd);
    requireSame("a disk", "--disk", recorded.disk() == null ? "" : recorded.disk().name(), disk);
    return read(header.guest());
  }

  private static void requireSame(String what, String option, String recorded, Path here) {
    if (!recorded.isEmpty() && here == null) {
      throw new RunRefusedException(
          "the run has " + what + ": give the same file with " + option + ": " + recorded);
    }
    if (recorded.isEmpty() && here != null) {
      throw new RunRefusedException(
          "the run does not have " + what + ": leave " + option + " out: " + here);
    }
  }
}
