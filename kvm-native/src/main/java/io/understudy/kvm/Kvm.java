package io.understudy.kvm;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The open KVM device: entry point of this module. Owned by one thread at a time. Virtual machines
 * made from it stay usable after it is closed; whoever opened it closes it, and closing twice is
 * harmless.
 *
 * <p>Interface: Documentation/virt/kvm/api.rst of the Linux kernel.
 */
public final class Kvm implements AutoCloseable {
  /** Where Linux puts the device. */
  public static final Path DEFAULT_DEVICE = Path.of("/dev/kvm");

  private static final Logger LOG = LoggerFactory.getLogger(Kvm.class);
  private static final int API_VERSION = 12;
  private static final int MSR_LIST_MAX = 2048;
  private static final int CLOSED = -1;

  private int fd;

  // Read once at the start: both depend on the host only, and virtual machines outlive this object.
  private int runAreaBytes;
  private int[] msrIndexList;

  private Kvm(int fd) {
    this.fd = fd;
  }

  /** Opens {@link #DEFAULT_DEVICE}. */
  public static Kvm open() {
    return open(DEFAULT_DEVICE);
  }

  /**
   * Opens the device and checks everything this module relies on.
   *
   * @throws KvmUnavailableException when it cannot be used; the message says what to do
   */
  public static Kvm open(Path device) {
    NativeAccess.load();
    int fd = LibC.open(device.toString(), LibC.O_RDWR | LibC.O_CLOEXEC);
    if (fd < 0) {
      throw cannotOpen(device, NativeAccess.errno());
    }
    Kvm kvm = new Kvm(fd);
    try {
      kvm.check(device);
      kvm.runAreaBytes = Ioctl.KVM_GET_VCPU_MMAP_SIZE.call(fd, 0);
      kvm.msrIndexList = readMsrIndexList(fd);
    } catch (RuntimeException e) {
      kvm.close();
      throw e;
    }
    LOG.debug("opened device={} fd={}", device, fd);
    return kvm;
  }

  private static KvmUnavailableException cannotOpen(Path device, int errno) {
    String reason =
        switch (errno) {
          case Errno.ENOENT ->
              "no such file: is virtualization enabled in the firmware (or nested virtualization on"
                  + " this virtual host), and the module kvm_intel or kvm_amd loaded?";
          case Errno.EACCES, Errno.EPERM -> "permission denied: " + howToBePermitted(device);
          case Errno.ENODEV -> "no device behind it: load the module kvm_intel or kvm_amd";
          default -> Errno.name(errno) + "(" + errno + ")";
        };
    return new KvmUnavailableException(device + ": " + reason);
  }

  /** The group's number is the host's business, and in a container it rarely has a name. */
  static String howToBePermitted(Path device) {
    String group;
    try {
      group = Files.getAttribute(device, "unix:gid").toString();
    } catch (IOException e) {
      return "is the user in group kvm, or the device passed to the container?";
    }
    return "it is for group "
        + group
        + ": add the user to it (usermod -a -G), or in a container the process (--group-add "
        + group
        + "; with compose.yaml KVM_GID="
        + group
        + " in .env)";
  }

  private void check(Path device) {
    int version = Ioctl.KVM_GET_API_VERSION.attempt(fd, 0);
    if (version < 0) {
      throw new KvmUnavailableException(
          device
              + ": not a KVM device: KVM_GET_API_VERSION errno="
              + Errno.name(-version)
              + ": name the device that Linux calls /dev/kvm");
    }
    if (version != API_VERSION) {
      throw new KvmUnavailableException(
          device + ": KVM API version expected=" + API_VERSION + " actual=" + version);
    }
    List<String> missing = Capability.missing(this::extension);
    if (!missing.isEmpty()) {
      throw new KvmUnavailableException(
          device
              + ": this host kernel lacks "
              + String.join(", ", missing)
              + ": Linux 4.17 or newer on x86-64 has them");
    }
  }

  /**
   * KVM_CHECK_EXTENSION.
   *
   * @param capability number of {@code KVM_CAP_*} in linux/kvm.h
   * @return 0 when the host does not have it, else a positive value whose meaning depends on it
   */
  public int extension(int capability) {
    return Ioctl.KVM_CHECK_EXTENSION.call(openFd(), capability);
  }

  /**
   * What the host would let a guest see. Some hosts show more regardless of the table they are
   * given.
   */
  public CpuidTable supportedCpuid() {
    return CpuidTable.get(Ioctl.KVM_GET_SUPPORTED_CPUID, openFd());
  }

  /** Makes an empty virtual machine, which the caller closes. */
  public VirtualMachine createVirtualMachine() {
    return VirtualMachine.create(this, openFd());
  }

  /** Size of the {@code kvm_run} mapping. */
  int runAreaBytes() {
    return runAreaBytes;
  }

  /** KVM_GET_MSR_INDEX_LIST; not to be changed. */
  int[] msrIndexList() {
    return msrIndexList;
  }

  private static int[] readMsrIndexList(int fd) {
    try (NativeBuffer buffer =
        NativeBuffer.allocate(Layout.MsrList.INDICES + MSR_LIST_MAX * Integer.BYTES)) {
      ByteBuffer b = buffer.bytes();
      b.putInt(Layout.MsrList.NMSRS, MSR_LIST_MAX);
      Ioctl.KVM_GET_MSR_INDEX_LIST.call(fd, buffer.address());
      int[] list = new int[b.getInt(Layout.MsrList.NMSRS)];
      for (int i = 0; i < list.length; i++) {
        list[i] = b.getInt(Layout.MsrList.INDICES + i * Integer.BYTES);
      }
      return list;
    }
  }

  private int openFd() {
    if (fd == CLOSED) {
      throw new IllegalStateException("KVM device is closed");
    }
    return fd;
  }

  @Override
  public void close() {
    if (fd != CLOSED) {
      LibC.close(fd);
      fd = CLOSED;
    }
  }
}
