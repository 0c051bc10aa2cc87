package io.understudy.kvm;

import java.time.Duration;
import java.util.Arrays;

/**
 * A tiny guest in 64-bit mode for probes: identity-mapped page tables, flat segments, an interrupt
 * descriptor table, a stack, and hand-assembled code. Owned by the thread that builds it. Closing
 * it closes the virtual machine.
 *
 * <p>Guest-physical layout: page tables from 0x1000, IDT 0x4000, GDT and TSS 0x5000, handlers
 * 0x6000, data 0x7000, stack below 0x10000, code from 0x10000, RAM up to 2 MiB. The page tables
 * cover 1 GiB in 2 MiB pages, so addresses from {@link #MMIO} on are mapped but not backed.
 */
final class ProbeGuest implements AutoCloseable {
  static final long MEMORY_BYTES = 2L << 20;
  static final long CODE = 0x10000;
  static final long DATA = 0x7000;
  static final long STACK_TOP = 0x10000;
  static final long HANDLERS = 0x6000;
  static final long MMIO = 0x400000;

  private static final long PML4 = 0x1000;
  private static final long PDPT = 0x2000;
  private static final long PAGE_DIRECTORY = 0x3000;
  private static final long IDT = 0x4000;
  private static final long GDT = 0x5000;
  private static final long TSS = 0x5100;
  private static final int CODE_SELECTOR = 0x08;
  private static final int DATA_SELECTOR = 0x10;
  private static final int TSS_SELECTOR = 0x18;
  private static final int TSS_LIMIT = 0x67;
  private static final int GDT_LIMIT = 0x27;
  private static final int IDT_LIMIT = 0xFFF;

  /** Page table entries: present, writable, and 2 MiB page. */
  private static final long PRESENT_WRITABLE = 3;

  private static final long LARGE_PAGE = 0x80;
  private static final int ENTRIES_PER_TABLE = 512;
  private static final int LARGE_PAGE_SHIFT = 21;

  private final VirtualMachine vm;
  private final GuestMemory memory;
  private final Vcpu vcpu;

  private ProbeGuest(VirtualMachine vm, GuestMemory memory, Vcpu vcpu) {
    this.vm = vm;
    this.memory = memory;
    this.vcpu = vcpu;
  }

  /** A guest whose vCPU is bound to the calling thread and about to execute {@code code}. */
  static ProbeGuest start(Kvm kvm, int... code) {
    return start(kvm, kvm.supportedCpuid(), code);
  }

  static ProbeGuest start(Kvm kvm, CpuidTable cpuid, int... code) {
    ProbeGuest guest = empty(kvm, cpuid);
    try {
      guest.fill();
      guest.put(CODE, code);
      guest.enterLongMode();
      return guest;
    } catch (RuntimeException e) {
      guest.close();
      throw e;
    }
  }

  /** A virtual machine of the same shape without memory contents and with a reset vCPU. */
  static ProbeGuest empty(Kvm kvm, CpuidTable cpuid) {
    VirtualMachine vm = kvm.createVirtualMachine();
    try {
      GuestMemory memory = vm.addMemory(0, 0, MEMORY_BYTES);
      Vcpu vcpu = vm.createVcpu(0);
      vcpu.setCpuid(cpuid);
      vcpu.bindToCurrentThread();
      return new ProbeGuest(vm, memory, vcpu);
    } catch (RuntimeException e) {
      vm.close();
      throw e;
    }
  }

  private void fill() {
    memory.writeLong(PML4, PDPT | PRESENT_WRITABLE);
    memory.writeLong(PDPT, PAGE_DIRECTORY | PRESENT_WRITABLE);
    for (int i = 0; i < ENTRIES_PER_TABLE; i++) {
      memory.writeLong(
          PAGE_DIRECTORY + (long) i * Long.BYTES,
          ((long) i << LARGE_PAGE_SHIFT) | LARGE_PAGE | PRESENT_WRITABLE);
    }
    memory.writeLong(GDT + CODE_SELECTOR, 0x00AF9B000000FFFFL);
    memory.writeLong(GDT + DATA_SELECTOR, 0x00CF93000000FFFFL);
    memory.writeLong(GDT + TSS_SELECTOR, 0x00008B0000000000L | TSS_LIMIT | (TSS << 16));
    memory.writeLong(GDT + TSS_SELECTOR + Long.BYTES, 0);
  }

  private void enterLongMode() {
    Segment data = Segment.data(DATA_SELECTOR, 0);
    vcpu.setSpecialRegisters(
        vcpu.specialRegisters().values().toBuilder()
            // KVM shows an APIC, whatever the table says, as long as this says that it is on.
            .apicBase(0)
            .longMode(PML4)
            .cs(Segment.code64(CODE_SELECTOR, 0))
            .dataSegments(data)
            .tr(Segment.taskState(TSS_SELECTOR, TSS, TSS_LIMIT))
            .ldt(Segment.unusable())
            .gdt(new DescriptorTable(GDT, GDT_LIMIT))
            .idt(new DescriptorTable(IDT, IDT_LIMIT))
            .build());
    vcpu.setRegisters(RegisterValues.builder().rip(CODE).rsp(STACK_TOP).build());
  }

  /** Installs an interrupt gate (interrupts off in the handler) to code at {@code address}. */
  void gate(int vector, long address) {
    long low =
        (address & 0xFFFF)
            | ((long) CODE_SELECTOR << 16)
            | 0x8E0000000000L
            | ((address >>> 16 & 0xFFFF) << 48);
    memory.writeLong(IDT + vector * 16L, low);
    memory.writeLong(IDT + vector * 16L + Long.BYTES, address >>> 32);
  }

  /** Writes bytes given as ints, so that values above 0x7F need no cast. */
  void put(long address, int... bytes) {
    byte[] copy = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      copy[i] = (byte) bytes[i];
    }
    memory.write(address, copy, 0, copy.length);
  }

  VirtualMachine vm() {
    return vm;
  }

  GuestMemory memory() {
    return memory;
  }

  Vcpu vcpu() {
    return vcpu;
  }

  byte[] memoryBytes() {
    byte[] all = new byte[(int) MEMORY_BYTES];
    memory.read(0, all, 0, all.length);
    return all;
  }

  void copyMemoryFrom(ProbeGuest other) {
    byte[] all = other.memoryBytes();
    memory.write(0, all, 0, all.length);
  }

  /** Runs until anything but a kick; kicks are sent when the deadline passes. */
  VcpuExit run(Duration timeout) {
    try (KickTimer timer = KickTimer.start(vcpu, timeout)) {
      VcpuExit exit = vcpu.run();
      while (exit instanceof VcpuExit.Interrupted) {
        timer.checkNotExpired();
        exit = vcpu.run();
      }
      return exit;
    }
  }

  /** Joins code fragments. */
  static int[] code(int[]... fragments) {
    return Arrays.stream(fragments).flatMapToInt(Arrays::stream).toArray();
  }

  /** The four bytes of a little-endian 32-bit immediate. */
  static int[] imm32(long value) {
    return new int[] {
      (int) (value & 0xFF),
      (int) (value >>> 8 & 0xFF),
      (int) (value >>> 16 & 0xFF),
      (int) (value >>> 24 & 0xFF)
    };
  }

  static int[] bytes(int... bytes) {
    return bytes;
  }

  @Override
  public void close() {
    vm.close();
  }
}
