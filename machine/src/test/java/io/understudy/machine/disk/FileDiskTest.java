package io.understudy.machine.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.understudy.machine.BadImageException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileDiskTest {
  private static final String SHA256_OF_1024_ZEROS =
      "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef";

  @TempDir private Path dir;

  @Test
  void describesTheFile() throws IOException {
    FileDisk disk = FileDisk.read(file(1024));

    assertThat(disk.description().name()).isEqualTo("disk.img");
    assertThat(disk.description().bytes()).isEqualTo(1024);
    assertThat(disk.description().sha256()).isEqualTo(SHA256_OF_1024_ZEROS);
  }

  @Test
  void readsAnyPartOfTheFile() throws IOException {
    byte[] content = new byte[4096];
    for (int index = 0; index < content.length; index++) {
      content[index] = (byte) (index * 7);
    }
    Path file = Files.write(dir.resolve("disk.img"), content);
    try (FileBaseImage image = FileDisk.read(file).open()) {
      byte[] target = new byte[100];
      image.read(4000, target, 2, 96);

      assertThat(image.length()).isEqualTo(4096);
      assertThat(Arrays.copyOfRange(target, 2, 98))
          .isEqualTo(Arrays.copyOfRange(content, 4000, 4096));
      assertThat(target[1]).isZero();
    }
  }

  @Test
  void saysWhatIsWrongWithAFile() throws IOException {
    assertRefused(dir.resolve("missing.img"), "missing.img: cannot be read", "NoSuchFile");
    assertRefused(dir, "cannot be read");
    assertRefused(file(0), "disk.img: must be a raw image", "multiple of 512", "bytes=0");
    assertRefused(file(1000), "disk.img: must be a raw image", "bytes=1000");
  }

  private static void assertRefused(Path file, String... parts) {
    assertThatExceptionOfType(BadImageException.class)
        .isThrownBy(() -> FileDisk.read(file))
        .withMessageStartingWith("disk " + file)
        .extracting(Throwable::getMessage)
        .asString()
        .contains(parts);
  }

  @Test
  void isNotOpened_whenItHasChangedSinceItWasRead() throws IOException {
    Path file = file(1024);
    FileDisk disk = FileDisk.read(file);

    Files.setLastModifiedTime(file, FileTime.fromMillis(1));
    assertChanged(disk, file, "modified expected=");
    Files.write(file, new byte[2048]);
    assertChanged(disk, file, "bytes expected=1024 actual=2048");
  }

  private static void assertChanged(FileDisk disk, Path file, String part) {
    assertThatExceptionOfType(BadImageException.class)
        .isThrownBy(disk::open)
        .withMessageStartingWith("disk " + file + ": was changed while it was being used")
        .withMessageContaining(part);
  }

  @Test
  void saysSo_whenTheFileBecomesShorterInUse() throws IOException {
    Path file = file(1024);
    try (FileBaseImage image = FileDisk.read(file).open();
        FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(512);

      assertThatExceptionOfType(BadImageException.class)
          .isThrownBy(() -> image.read(0, new byte[1024], 0, 1024))
          .withMessageContaining(file.toString())
          .withMessageContaining("became shorter")
          .withMessageContaining("bytes expected=1024 actual=512");
    }
  }

  @Test
  void leavesNothingOpenBehindIt() throws IOException {
    Path file = file(1024);
    FileDisk disk = FileDisk.read(file);
    disk.open().close();
    assertThat(descriptorsOf(file)).isZero();

    Files.setLastModifiedTime(file, FileTime.fromMillis(1));
    assertThatExceptionOfType(BadImageException.class).isThrownBy(disk::open);
    assertThat(descriptorsOf(file)).isZero();
  }

  /** How many of this process's descriptors are of {@code file}. */
  private static long descriptorsOf(Path file) throws IOException {
    try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
      return descriptors.filter(descriptor -> isOf(descriptor, file)).count();
    }
  }

  private static boolean isOf(Path descriptor, Path file) {
    try {
      return Files.readSymbolicLink(descriptor).equals(file);
    } catch (IOException gone) {
      return false;
    }
  }

  private Path file(int bytes) throws IOException {
    return Files.write(dir.resolve("disk.img"), new byte[bytes]);
  }
}
