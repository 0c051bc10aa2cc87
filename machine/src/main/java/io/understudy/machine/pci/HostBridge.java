package io.understudy.machine.pci;

import io.understudy.machine.devices.PortDevice;

/**
 * The host bridge at 00:00.0, an Intel 440FX by its identity (8086:1237): what a guest looks for to
 * see that configuration mechanism 1 works (Linux arch/x86/pci/direct.c, pci_sanity_check). It has
 * no registers that could be written and no ports. Owned by the vCPU thread.
 */
final class HostBridge implements PciFunction {

  private static final int IDENTITY = 0x1237_8086;
  private static final int CLASS_AND_REVISION = 0x0600_0002;

  @Override
  public int readConfig(int offset, int size) {
    int register =
        switch (offset >> 2) {
          case 0 -> IDENTITY;
          case 2 -> CLASS_AND_REVISION;
          default -> 0;
        };
    return register >>> (8 * (offset & 3));
  }

  @Override
  public void writeConfig(int offset, int size, int value) {
    // Nothing to write.
  }

  @Override
  public PortDevice ownerOf(int port) {
    return null;
  }
}
