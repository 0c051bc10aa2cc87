package io.understudy.machine.virtio;

/** Guest memory in an array, from address 0. Accesses outside of it fail the test. */
final class ByteArrayRam implements GuestRam {

  private final byte[] bytes;

  ByteArrayRam(int sizeBytes) {
    bytes = new byte[sizeBytes];
  }

  int sizeBytes() {
    return bytes.length;
  }

  @Override
  public boolean contains(long address, long length) {
    return address >= 0
        && length >= 0
        && address <= bytes.length
        && length <= bytes.length - address;
  }

  @Override
  public void read(long address, byte[] target, int offset, int length) {
    System.arraycopy(bytes, Math.toIntExact(address), target, offset, length);
  }

  @Override
  public void write(long address, byte[] source, int offset, int length) {
    System.arraycopy(source, offset, bytes, Math.toIntExact(address), length);
  }

  byte[] read(long address, int length) {
    byte[] content = new byte[length];
    read(address, content, 0, length);
    return content;
  }

  void write(long address, byte... content) {
    write(address, content, 0, content.length);
  }

  void copyTo(ByteArrayRam other) {
    other.write(0, bytes, 0, bytes.length);
  }

  byte[] toArray() {
    return bytes.clone();
  }
}
