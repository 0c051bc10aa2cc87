package io.understudy.benchmarks.micro;

import io.understudy.machine.GuestImage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A guest that does nothing but leave the virtual machine, after it has changed a number of pages:
 *
 * <pre>
 *   again:  mov  edi, FIRST_PAGE
 *           mov  ecx, pages
 *   next:   inc  qword [rdi]
 *           add  rdi, 4096
 *           dec  ecx
 *           jnz  next
 *           out  0x80, al         ; a port without a device
 *           jmp  again
 * </pre>
 */
final class ExitGuest {
  private static final long LOAD_ADDRESS = 0x100000;
  private static final int FIRST_PAGE = 0x200000;
  private static final int ELF_HEADER_BYTES = 64;
  private static final int PROGRAM_HEADER_BYTES = 56;
  private static final byte[] CHANGE_PAGE = {
    0x48,
    (byte) 0xff,
    0x07, // inc qword [rdi]
    0x48,
    (byte) 0x81,
    (byte) 0xc7,
    0x00,
    0x10,
    0x00,
    0x00, // add rdi, 4096
    (byte) 0xff,
    (byte) 0xc9, // dec ecx
    0x75,
    (byte) 0xf2, // jnz back to inc
  };

  private ExitGuest() {}

  /** The guest that changes {@code pages} pages before each exit; 0 changes none. */
  static GuestImage image(int pages) {
    ByteBuffer code = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
    if (pages > 0) {
      code.put((byte) 0xbf).putInt(FIRST_PAGE);
      code.put((byte) 0xb9).putInt(pages);
      code.put(CHANGE_PAGE);
    }
    code.put((byte) 0xe6).put((byte) 0x80);
    code.put((byte) 0xe9).putInt(-(code.position() + Integer.BYTES));
    return GuestImage.parse("exits after " + pages + " pages", elf(code.flip()));
  }

  private static byte[] elf(ByteBuffer code) {
    int size = code.remaining();
    ByteBuffer elf =
        ByteBuffer.allocate(ELF_HEADER_BYTES + PROGRAM_HEADER_BYTES + size)
            .order(ByteOrder.LITTLE_ENDIAN);
    elf.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1}).position(16);
    elf.putShort((short) 2).putShort((short) 62).putInt(1); // executable, x86-64
    elf.putLong(LOAD_ADDRESS).putLong(ELF_HEADER_BYTES).putLong(0).putInt(0);
    elf.putShort((short) ELF_HEADER_BYTES).putShort((short) PROGRAM_HEADER_BYTES);
    elf.putShort((short) 1).position(ELF_HEADER_BYTES);
    elf.putInt(1).putInt(5); // load, readable and executable
    elf.putLong(ELF_HEADER_BYTES + PROGRAM_HEADER_BYTES).putLong(LOAD_ADDRESS);
    elf.putLong(LOAD_ADDRESS).putLong(size).putLong(size).putLong(4096);
    return elf.put(code).array();
  }
}
