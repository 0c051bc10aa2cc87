package io.understudy.machine;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/** Finds guests' images: those that come with Understudy by name, others by path. */
public final class GuestImages {
  /** Name of the guest that comes with Understudy: a small key-value store on the serial line. */
  public static final String LEDGER = "ledger";

  private GuestImages() {}

  /**
   * The image called {@code guest}.
   *
   * @param guest {@link #LEDGER}, or the path of an ELF file
   * @throws BadImageException if there is none, or it is no image
   */
  public static GuestImage find(String guest) {
    if (!guest.equals(LEDGER)) {
      return GuestImage.read(Path.of(guest));
    }
    try (InputStream resource = GuestImages.class.getResourceAsStream("ledger.elf")) {
      if (resource == null) {
        throw new BadImageException("this build does not contain the guest 'ledger'");
      }
      return GuestImage.parse(LEDGER, resource.readAllBytes());
    } catch (IOException failure) {
      throw new UncheckedIOException("the guest 'ledger' cannot be read", failure);
    }
  }
}
