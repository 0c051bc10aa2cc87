package io.understudy.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.understudy.machine.linux.SyntheticKernel;
import io.understudy.schemas.Attachments;
import io.understudy.schemas.GuestEvent.RunStarted;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GuestFilesTest {
  private static final String DIGEST = "ab".repeat(32);

  @TempDir private Path dir;
  private Path kernel;
  private Path initrd;
  private Path disk;
  private Path elf;

  @BeforeEach
  void writeFiles() throws IOException {
    kernel =
        Files.write(
            dir.resolve("vmlinuz"),
            SyntheticKernel.bzImage(SyntheticKernel.vmlinux(new byte[] {0x0f, 0x31}), "gzip"));
    initrd = Files.write(dir.resolve("initrd"), new byte[100]);
    disk = Files.write(dir.resolve("disk"), new byte[512]);
    elf = Files.write(dir.resolve("guest.elf"), new GuestAssembler().end().elf());
  }

  @Test
  void readsWhatIsNamed() {
    MachineParts linux = new GuestFiles(null, kernel, initrd, disk).read("ledger");
    assertThat(linux.program()).isInstanceOf(LinuxGuest.class);
    assertThat(linux.program().initrdSha256()).hasSize(64);
    assertThat(linux.disk().description().name()).isEqualTo("disk");

    MachineParts bare = new GuestFiles(elf.toString(), null, null, null).read("ledger");
    assertThat(bare.program()).isInstanceOf(GuestImage.class);
    assertThat(bare.disk()).isNull();
    assertThat(GuestFiles.BUILT_IN.read("ledger").program().name()).isEqualTo("ledger");
  }

  @Test
  void refusesFilesThatNothingWouldUse() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new GuestFiles("ledger", kernel, null, null))
        .withMessageContaining("either a kernel or a bare-metal program")
        .withMessageContaining("guest=ledger");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new GuestFiles(null, null, initrd, null))
        .withMessage("an initrd needs a kernel: initrd=" + initrd);
  }

  @Test
  void saysWhichFileCannotBeRead() throws IOException {
    Path missing = dir.resolve("missing");
    assertUnreadable(new GuestFiles(null, missing, null, null), "kernel " + missing);
    assertUnreadable(new GuestFiles(null, kernel, missing, null), "initrd " + missing);
    assertUnreadable(new GuestFiles(null, null, null, missing), "disk " + missing);
    assertThatExceptionOfType(BadImageException.class)
        .isThrownBy(new GuestFiles(null, dir, null, null)::requireReadable)
        .withMessage("kernel " + dir + ": is no regular file");
    Path empty = Files.write(dir.resolve("empty"), new byte[0]);
    assertThatExceptionOfType(BadImageException.class)
        .isThrownBy(() -> new GuestFiles(null, kernel, empty, null).read("ledger"))
        .withMessageStartingWith("initrd " + empty)
        .withMessageContaining("bytes=0");
  }

  private static void assertUnreadable(GuestFiles files, String part) {
    assertThatExceptionOfType(BadImageException.class)
        .isThrownBy(files::requireReadable)
        .withMessage(part + ": does not exist");
    assertThatExceptionOfType(BadImageException.class)
        .isThrownBy(() -> files.read("ledger"))
        .withMessage(part + ": does not exist");
  }

  @Test
  void asksForEveryFileThatTheRunHas() {
    RunStarted everything =
        header(
            new Attachments(
                Attachments.LINUX,
                DIGEST,
                new Attachments.Disk("root.img", 512, DIGEST),
                "",
                Attachments.UART),
            "vmlinuz");

    assertRefused(
        new GuestFiles(null, null, null, null),
        everything,
        "the run has a kernel: give the same file with --kernel: vmlinuz");
    assertRefused(
        new GuestFiles(null, kernel, null, disk),
        everything,
        "the run has an initrd: give the same file with --initrd: sha256=" + DIGEST);
    assertRefused(
        new GuestFiles(null, kernel, initrd, null),
        everything,
        "the run has a disk: give the same file with --disk: root.img");
    assertThat(new GuestFiles(null, kernel, initrd, disk).read(everything).program().boot())
        .isEqualTo(Attachments.LINUX);
  }

  @Test
  void refusesEveryFileThatTheRunDoesNotHave() {
    RunStarted bare = header(Attachments.NONE, "ledger");
    RunStarted linux =
        header(new Attachments(Attachments.LINUX, "", null, "", Attachments.UART), "vmlinuz");

    assertRefused(
        new GuestFiles(null, kernel, null, null),
        bare,
        "the run does not have a kernel: leave --kernel out: " + kernel);
    assertRefused(
        new GuestFiles(null, kernel, initrd, null),
        linux,
        "the run does not have an initrd: leave --initrd out: " + initrd);
    assertRefused(
        new GuestFiles(null, null, null, disk),
        bare,
        "the run does not have a disk: leave --disk out: " + disk);
    assertThat(GuestFiles.BUILT_IN.read(bare).program().name()).isEqualTo("ledger");
  }

  private static void assertRefused(GuestFiles files, RunStarted header, String message) {
    assertThatExceptionOfType(RunRefusedException.class)
        .isThrownBy(() -> files.read(header))
        .withMessage(message);
  }

  private static RunStarted header(Attachments attachments, String guest) {
    return new RunStarted(
        1,
        32 << 20,
        guest,
        new byte[32],
        "",
        "cpu",
        "exit",
        "stream",
        0,
        0,
        Machine.VERSION,
        Machine.VERSION,
        new TreeMap<>(),
        "node",
        attachments);
  }
}
