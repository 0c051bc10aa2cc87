package io.understudy.kvm;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Loads the native layer once and is the only place that reads {@code errno}. Any thread.
 *
 * <p>Loading is an explicit step, not a static initialiser of {@link LibC}: a failing initialiser
 * would surface as {@code NoClassDefFoundError} at some later, unrelated call.
 */
final class NativeAccess {
  private static boolean loaded;

  private NativeAccess() {}

  /**
   * @throws KvmUnavailableException when this JVM is not on Linux x86-64 or JNA cannot load its
   *     library
   */
  static synchronized void load() {
    if (loaded) {
      return;
    }
    checkPlatform(
        System.getProperty("os.name"),
        System.getProperty("os.arch"),
        ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN);
    try {
      Native.register(LibC.class, NativeLibrary.getInstance("c"));
    } catch (LinkageError e) {
      // UnsatisfiedLinkError the first time, NoClassDefFoundError after JNA's own initialiser
      // failed.
      throw new KvmUnavailableException(
          "the native library of JNA cannot be loaded: "
              + e.getMessage()
              + ": is the directory of java.io.tmpdir="
              + System.getProperty("java.io.tmpdir")
              + " writable and mounted without noexec? -Djna.tmpdir=DIR names another one",
          e);
    }
    loaded = true;
  }

  static void checkPlatform(String osName, String architecture, boolean littleEndian) {
    boolean x86 = "amd64".equals(architecture) || "x86_64".equals(architecture);
    if (!"Linux".equals(osName) || !x86 || !littleEndian) {
      throw new KvmUnavailableException(
          "KVM needs Linux on x86-64 with a 64-bit JVM: os="
              + osName
              + " architecture="
              + architecture);
    }
  }

  /** The errno of this thread's last native call; meaningful only directly after a failed one. */
  static int errno() {
    return Native.getLastError();
  }

  /** A little-endian view of native memory; it does not keep the memory mapped. */
  static ByteBuffer view(long address, int sizeBytes) {
    return new Pointer(address).getByteBuffer(0, sizeBytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
