package io.understudy.machine.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;

class OverlayDiskTest {

  private static final int BLOCK = OverlayDisk.BLOCK_BYTES;

  private final byte[] image = new byte[10 * BLOCK + 100];
  private final OverlayDisk disk = new OverlayDisk(new ArrayImage(image));

  OverlayDiskTest() {
    new Random(1).nextBytes(image);
  }

  private static byte[] filled(int length, int value) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  private static byte[] read(OverlayDisk disk, long sector, int sectorCount) {
    byte[] target = new byte[sectorCount * 512 + 2];
    target[0] = 77;
    target[target.length - 1] = 88;
    disk.read(sector, target, 1, sectorCount);
    assertThat(target[0]).isEqualTo((byte) 77);
    assertThat(target[target.length - 1]).isEqualTo((byte) 88);
    return Arrays.copyOfRange(target, 1, target.length - 1);
  }

  private static byte[] block(OverlayDisk disk, int number) {
    byte[] content = filled(BLOCK, 0xEE);
    disk.readBlock(number, content);
    return content;
  }

  @Test
  void isAsLongAsItsImage_inWholeSectors() {
    assertThat(disk.sectors()).isEqualTo(81);
    assertThat(disk.blockCount()).isEqualTo(11);
    assertThat(disk.overlayBlockCount()).isZero();
    assertThat(disk.digest()).isZero();
    assertThat(disk.takeChangedBlocks().isEmpty()).isTrue();
  }

  @Test
  void readsTheImage_withZerosBehindItsEnd() {
    byte[] expected = Arrays.copyOf(image, 81 * 512);

    assertThat(read(disk, 0, 81)).isEqualTo(expected);
    assertThat(read(disk, 80, 1)).isEqualTo(Arrays.copyOfRange(expected, 80 * 512, 81 * 512));
    assertThat(block(disk, 10)).isEqualTo(Arrays.copyOfRange(image, 10 * BLOCK, 11 * BLOCK));
  }

  @Test
  void canBeLongerOrShorterThanItsImage() {
    OverlayDisk longer = new OverlayDisk(new ArrayImage(image), 1000);
    OverlayDisk shorter = new OverlayDisk(new ArrayImage(image), 9);

    assertThat(read(longer, 81, 919)).containsOnly(0);
    longer.write(999, filled(512, 1), 0, 1);
    assertThat(read(longer, 998, 2)).isEqualTo(concatenate(new byte[512], filled(512, 1)));
    assertThat(block(shorter, 1))
        .isEqualTo(
            concatenate(Arrays.copyOfRange(image, BLOCK, BLOCK + 512), new byte[BLOCK - 512]));
    assertThatThrownBy(() -> read(shorter, 9, 1)).isInstanceOf(IndexOutOfBoundsException.class);
  }

  private static byte[] concatenate(byte[] first, byte[] second) {
    byte[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }

  @Test
  void neverWritesTheImage_andBehavesAsIfItDid() {
    byte[] before = image.clone();
    byte[] model = Arrays.copyOf(image, 81 * 512);
    Random random = new Random(2);
    BitSet touched = new BitSet();

    for (int step = 0; step < 2000; step++) {
      int count = random.nextInt(20);
      int sector = random.nextInt(81 - count + 1);
      if (random.nextInt(4) == 0) {
        byte[] data = new byte[count * 512 + 3];
        random.nextBytes(data);
        disk.write(sector, data, 3, count);
        System.arraycopy(data, 3, model, sector * 512, count * 512);
        if (count > 0) {
          touched.set(sector / 8, (sector + count - 1) / 8 + 1);
        }
      } else {
        assertThat(read(disk, sector, count))
            .as("step %d", step)
            .isEqualTo(Arrays.copyOfRange(model, sector * 512, (sector + count) * 512));
      }
    }

    assertThat(image).isEqualTo(before);
    assertThat(disk.overlayBlockCount()).isEqualTo(touched.cardinality());
  }

  @Test
  void namesBlocksThatChanged_once() {
    disk.write(7, filled(1024, 1), 0, 2);
    disk.write(40, filled(512, 2), 0, 1);
    assertThat(disk.takeChangedBlocks().stream()).containsExactly(0, 1, 5);

    disk.write(7, filled(1024, 1), 0, 2);
    assertThat(disk.takeChangedBlocks().stream()).as("the same content again").isEmpty();

    disk.write(40, filled(512, 3), 0, 1);
    disk.write(40, filled(512, 2), 0, 1);
    assertThat(disk.takeChangedBlocks().stream()).as("there and back").containsExactly(5);
  }

  @Test
  void takesABlockIntoTheOverlay_evenWhenItIsWrittenAsItWas() {
    disk.write(16, image, 2 * BLOCK, 8);

    assertThat(disk.isInOverlay(2)).isTrue();
    assertThat(disk.isInOverlay(3)).isFalse();
    assertThat(disk.takeChangedBlocks().stream()).containsExactly(2);
    assertThat(disk.digest()).isNotZero();
  }

  @Test
  void digestsContentAndPlace_whateverTheHistory() {
    disk.write(0, filled(BLOCK, 1), 0, 8);
    long once = disk.digest();
    disk.write(8, filled(BLOCK, 2), 0, 8);
    disk.write(8, filled(BLOCK, 3), 0, 8);
    long changed = disk.digest();
    disk.write(8, filled(BLOCK, 2), 0, 8);
    long back = disk.digest();

    OverlayDisk other = new OverlayDisk(new ArrayImage(image));
    other.write(8, filled(BLOCK, 2), 0, 8);
    other.write(0, filled(BLOCK, 1), 0, 8);
    OverlayDisk swapped = new OverlayDisk(new ArrayImage(image));
    swapped.write(8, filled(BLOCK, 1), 0, 8);
    swapped.write(0, filled(BLOCK, 2), 0, 8);

    assertThat(other.digest()).isEqualTo(back);
    assertThat(swapped.digest()).isNotIn(once, changed, back);
    assertThat(once).isNotEqualTo(changed);
  }

  @Test
  void isRestoredFromItsBlocks() {
    disk.write(3, filled(512, 1), 0, 1);
    disk.write(80, filled(512, 2), 0, 1);
    OverlayDisk restored = new OverlayDisk(new ArrayImage(image));
    restored.write(3, filled(512, 9), 0, 1);

    disk.takeChangedBlocks().stream()
        .forEach(number -> restored.loadBlock(number, block(disk, number)));

    assertThat(restored.digest()).isEqualTo(disk.digest());
    assertThat(restored.overlayBlockCount()).isEqualTo(2);
    assertThat(read(restored, 0, 81)).isEqualTo(read(disk, 0, 81));
    assertThat(restored.takeChangedBlocks().stream()).containsExactly(0, 10);
    assertThat(restored.takeChangedBlocks().stream()).isEmpty();
  }

  @Test
  void reachesFarIntoALargeDisk() {
    OverlayDisk large = new OverlayDisk(new ArrayImage(image), 1L << 33);
    large.write((1L << 33) - 1, filled(512, 5), 0, 1);

    assertThat(large.takeChangedBlocks().stream()).containsExactly((1 << 30) - 1);
    assertThat(read(large, (1L << 33) - 2, 2))
        .isEqualTo(concatenate(new byte[512], filled(512, 5)));
  }

  @Test
  void refusesWhatIsNotOnTheDisk() {
    byte[] bytes = new byte[4096];
    assertThatThrownBy(() -> disk.read(80, bytes, 0, 2))
        .isInstanceOf(IndexOutOfBoundsException.class)
        .hasMessageContaining("sector=80 sectorCount=2 sectors=81");
    assertThatThrownBy(() -> disk.write(-1, bytes, 0, 1))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> disk.write(Long.MAX_VALUE, bytes, 0, 1))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> disk.read(0, bytes, 1, 8))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> disk.loadBlock(11, bytes))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> new OverlayDisk(new ArrayImage(image), 1L << 40))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("sectors=1099511627776");
  }

  /** A base image in an array, which checks that nobody reads beyond it. */
  private static final class ArrayImage implements BaseImage {
    private final byte[] bytes;

    ArrayImage(byte[] bytes) {
      this.bytes = bytes;
    }

    @Override
    public long length() {
      return bytes.length;
    }

    @Override
    public void read(long position, byte[] target, int offset, int length) {
      System.arraycopy(bytes, Math.toIntExact(position), target, offset, length);
    }
  }
}
