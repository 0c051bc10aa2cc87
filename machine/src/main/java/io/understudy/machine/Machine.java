package io.understudy.machine;

import io.understudy.kvm.GuestDebug;
import io.understudy.kvm.GuestMemory;
import io.understudy.kvm.Kvm;
import io.understudy.kvm.Registers;
import io.understudy.kvm.Vcpu;
import io.understudy.kvm.VcpuExit;
import io.understudy.kvm.VirtualMachine;
import io.understudy.machine.disk.FileBaseImage;
import io.understudy.machine.linux.TimeStampPorts;
import io.understudy.schemas.GuestEvent;
import io.understudy.schemas.avro.MachineState;
import java.util.BitSet;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * One deterministic PC: a vCPU, its memory and its devices, at a position.
 *
 * <p><b>Position.</b> The number of deterministic exits so far: the guest's own device accesses and
 * halts. Exits that are the host's doing (kicks) do not count.
 *
 * <p><b>At a position</b> the exit's device access has been done, logged events may be {@linkplain
 * #apply applied}, state may be read, digested and saved. {@link #advance} then injects an
 * interrupt if the guest can take one and lets it run to its next exit. Whether it can take one was
 * decided by KVM at the exit, before anything else happened: reading state in between must not
 * change it. Where the host reports exactly when a guest lets interrupts in again, an interrupt
 * that could not be taken at the exit is injected there; that place is no position of its own.
 *
 * <p>Owned by the vCPU thread, which is the one that called {@link #bindToCurrentThread} last; only
 * {@link #kick} may be called by others.
 */
public final class Machine implements AutoCloseable {
  /** Version of the machine's behaviour; replay needs a machine of the version that recorded. */
  public static final int VERSION = 2;

  /** Bytes in a page of guest memory as {@link #takeChangedPages} counts them. */
  public static final int PAGE_SIZE = MemoryDigest.PAGE_SIZE;

  private static final int STI = 0xfb;

  /** INS, OUTS, IN, OUT and HLT: a step over one of them is lost in its exit, or hides it. */
  private static final BitSet EXITING_OPCODES =
      BitSet.valueOf(
          new long[] {0, 0xf000_0000_0000L, 0, 1L << (0xf4 - 0xc0) | 0xf0f0L << (0xe0 - 0xc0)});

  /** REX, operand and address size, REPNE and REP. */
  private static final BitSet PREFIXES =
      BitSet.valueOf(
          new long[] {
            0, 0xffffL | 1L << (0x66 - 0x40) | 1L << (0x67 - 0x40), 0, 3L << (0xf2 - 0xc0)
          });

  private static final int LONGEST_INSTRUCTION = 15;

  private final MachineConfig config;
  private final VirtualMachine vm;
  private final GuestMemory memory;
  private final Vcpu vcpu;
  private final GuestCode code;
  private final DeviceMemory deviceMemory;
  private final FileBaseImage base;
  private final Devices devices;
  private final ExitHandler exitHandler = new ExitHandler();
  private final EventEffects eventEffects;
  private MemoryDigest memoryDigest;

  private long position;
  private boolean halted;

  /** What KVM said at the exit of this position; never asked again. */
  private boolean interruptible;

  private boolean completed;
  private Landmark landmark;
  private String ended;
  private TimeKeeper timeKeeper = TimeKeeper.STILL;

  private Machine(
      MachineConfig config, VirtualMachine vm, FileBaseImage base, MachineOutput output) {
    this.config = config;
    this.vm = vm;
    this.base = base;
    this.memory = vm.addMemory(0, 0, config.memoryBytes());
    this.vcpu = vm.createVcpu(0);
    this.code = new GuestCode(memory);
    this.deviceMemory = new DeviceMemory(memory);
    this.devices = new Devices(config, base, deviceMemory, output);
    this.eventEffects = new EventEffects(this, devices);
  }

  /**
   * A machine at position 0, the guest's first instruction not yet executed.
   *
   * @param output takes what the guest puts out, on the vCPU thread
   */
  public static Machine powerOn(Kvm kvm, MachineConfig config, MachineOutput output) {
    Machine machine = create(kvm, config, output);
    try {
      CpuReset.enterLongMode(machine.vcpu, BootLoader.load(machine.memory, config));
      machine.memoryDigest = new MemoryDigest(machine.vm, machine.memory, machine.deviceMemory);
      return machine;
    } catch (RuntimeException | Error failure) {
      machine.close();
      throw failure;
    }
  }

  /**
   * A machine at the position where {@code state} was saved.
   *
   * @param pages fills memory and disk, numbered as {@link #takeChangedPages} does; pages of memory
   *     that it does not name are zero, those of the disk are the base image's
   * @throws IllegalArgumentException if {@code state} is of a version this class does not know
   */
  public static Machine restore(
      Kvm kvm, MachineConfig config, MachineOutput output, MachineState state, PageSource pages) {
    Machine machine = create(kvm, config, output);
    try {
      pages.fill(machine::loadPage);
      MachineStates.restore(state, machine.vcpu, machine.devices);
      machine.position = state.getPosition();
      machine.halted = state.getHalted();
      machine.interruptible = state.getInterruptible();
      machine.ended = state.getRunState().isEmpty() ? null : state.getRunState();
      machine.memoryDigest = new MemoryDigest(machine.vm, machine.memory, machine.deviceMemory);
      return machine;
    } catch (RuntimeException | Error failure) {
      machine.close();
      throw failure;
    }
  }

  private static Machine create(Kvm kvm, MachineConfig config, MachineOutput output) {
    Objects.requireNonNull(output, "output");
    VirtualMachine vm = kvm.createVirtualMachine();
    FileBaseImage base = null;
    try {
      base = config.disk() == null ? null : config.disk().open();
      Machine machine = new Machine(config, vm, base, output);
      vm.interceptMsrsExcept(MsrPolicy.ALLOWED);
      machine.vcpu.setCpuid(CpuModel.of(kvm).table());
      machine.bindToCurrentThread();
      return machine;
    } catch (RuntimeException | Error failure) {
      vm.close();
      if (base != null) {
        base.close();
      }
      throw failure;
    }
  }

  private void loadPage(int number, byte[] content) {
    if (number < memory.pageCount()) {
      memory.write((long) number * PAGE_SIZE, content, 0, PAGE_SIZE);
    } else {
      devices.disk().loadBlock(number - memory.pageCount(), content);
    }
  }

  /** Makes the calling thread the vCPU thread of this machine. */
  public void bindToCurrentThread() {
    vcpu.bindToCurrentThread();
  }

  /** What this machine was made of. */
  public MachineConfig config() {
    return config;
  }

  /** Number of deterministic exits so far. */
  public long position() {
    return position;
  }

  /** Virtual time since power-on, nanoseconds. */
  public long virtualNanos() {
    return devices.clock().nanos();
  }

  /**
   * Virtual time at which the guest's timer fires next, or {@link Long#MAX_VALUE} if it does not.
   */
  public long nextTimerNanos() {
    return devices.pit().nextEdgeNanos();
  }

  /** Whether the timer's last interrupt is still waiting for the guest to take it. */
  public boolean isTimerPending() {
    return devices.isTimerPending();
  }

  /** Offset behind the last console byte that went in. */
  public long inputOffset() {
    return devices.receivedBytes();
  }

  /** Offset behind the last console byte that came out. */
  public long outputOffset() {
    return devices.transmittedBytes();
  }

  /** How many bytes of console input can be applied now. */
  public int inputRoom() {
    return devices.receiveRoom();
  }

  /** Whether a network frame can be applied now. */
  public boolean canReceiveFrame() {
    return devices.canReceiveFrame();
  }

  /** Network frames the guest has sent since power-on. */
  public long framesSent() {
    return devices.framesSent();
  }

  /** Whether the guest waits for an interrupt. */
  public boolean isHalted() {
    return halted;
  }

  /** Whether {@link #advance} may be called: the guest runs, or an interrupt will wake it. */
  public boolean isRunnable() {
    return ended == null && (!halted || isInterruptDeliverable());
  }

  private boolean isInterruptDeliverable() {
    return interruptible && devices.pic().interruptPending();
  }

  /**
   * Why the guest will never run again, if so. Every machine that replays the log says the same.
   */
  public Optional<String> ended() {
    return Optional.ofNullable(ended);
  }

  /**
   * Lets an event happen to the machine, now and for good; the same while capturing and replaying.
   *
   * @throws IllegalArgumentException if time would run backwards
   * @throws IllegalStateException if console input does not fit {@link #inputRoom}
   */
  public void apply(GuestEvent event) {
    event.applyTo(eventEffects);
  }

  /**
   * Injects an interrupt if the guest can take one and runs it to its next deterministic exit.
   *
   * @param time asked when the exit reads a clock
   * @return true at the next position; false if a kick came first: call again to go on, and do not
   *     touch anything else before
   */
  public boolean advance(TimeKeeper time) {
    if (!isRunnable() && halted) {
      throw new MachineException(
          "the guest is halted and no interrupt can wake it: position=" + position);
    }
    if (ended != null) {
      throw new MachineException("the guest has ended: position=" + position + " why=" + ended);
    }
    if (isInterruptDeliverable()) {
      complete();
      // In the middle of an instruction with several accesses nothing is injected.
      if (!vcpu.isAccessIncomplete()) {
        inject();
      }
    }
    timeKeeper = time;
    for (; ; ) {
      vcpu.requestInterruptWindow(config.interruptWindows() && devices.pic().interruptPending());
      landmark = null;
      completed = false;
      VcpuExit exit = vcpu.run();
      if (exit instanceof VcpuExit.InterruptWindowOpen) {
        exit = leaveShadow();
      }
      if (exit != null) {
        return exit.accept(exitHandler);
      }
      completed = true;
      if (vcpu.interruptFlag()) {
        inject();
      }
    }
  }

  /**
   * STI lets interrupts in behind the instruction that follows it. A host that is itself emulated
   * may forget that when it is interrupted between the two (QEMU's SVM does: it does not reload the
   * shadow with VMRUN), and report the window one instruction early. So wherever the byte before
   * the next instruction is that of STI, one more instruction is executed, on every host and in
   * every execution alike.
   *
   * @return null if the guest now stands where an interrupt belongs, unless the instruction behind
   *     STI was CLI; else the exit that came first
   */
  private VcpuExit leaveShadow() {
    vcpu.requestInterruptWindow(false);
    while (codeAt(-1) == STI) {
      boolean exits = isExitNext();
      if (!exits) {
        vcpu.setGuestDebug(GuestDebug.singleStep());
      }
      VcpuExit exit = vcpu.run();
      if (!exits) {
        vcpu.setGuestDebug(GuestDebug.none());
      }
      if (exit instanceof VcpuExit.Interrupted) {
        return exit;
      }
      if (exits || !(exit instanceof VcpuExit.Debug)) {
        return exit;
      }
    }
    return null;
  }

  private boolean isExitNext() {
    int offset = 0;
    while (PREFIXES.get(Math.max(0, codeAt(offset))) && offset < LONGEST_INSTRUCTION) {
      offset++;
    }
    return EXITING_OPCODES.get(Math.max(0, codeAt(offset)));
  }

  private int codeAt(int offset) {
    return code.byteAt(vcpu.registers().rip() + offset, vcpu.specialRegisters());
  }

  private void inject() {
    Landmark at = landmark();
    int vector = devices.pic().acknowledge();
    devices.injections().add(vector, at);
    vcpu.interrupt(vector);
    halted = false;
    // Until the next exit nothing more can be injected; a kick in between changes nothing.
    interruptible = false;
  }

  private boolean reached() {
    position++;
    interruptible = vcpu.readyForInterrupt();
    devices.resetRequest().ifPresent(reason -> ended = reason);
    return true;
  }

  /** Makes the device access of this position complete, so that registers are what they will be. */
  private void complete() {
    if (!completed) {
      vcpu.complete();
      completed = true;
    }
  }

  /** Where the guest stands now. */
  public Landmark landmark() {
    if (landmark == null) {
      complete();
      Registers registers = vcpu.registers();
      landmark = new Landmark(registers.rip(), RegisterDigest.general(registers));
    }
    return landmark;
  }

  /** Digest of the complete state at this position. */
  public StateDigest digest() {
    complete();
    return new StateDigest(
        RegisterDigest.complete(vcpu.save()),
        // Where windows are exact it makes no difference whether an interrupt enters at an exit or
        // in the window right behind it.
        devices.digest(position, halted, interruptible && !config.interruptWindows()),
        memoryDigest.update());
  }

  /** The complete state but for memory. */
  public MachineState save() {
    complete();
    return MachineStates.save(
        position, halted, interruptible, ended == null ? "" : ended, vcpu.save(), devices);
  }

  /**
   * Numbers of the pages that changed since this was last called (at first: since zero memory and
   * the base image). Pages of memory come first; behind them the disk's blocks are counted on.
   */
  public BitSet takeChangedPages() {
    BitSet changed = memoryDigest.takeChanged();
    if (devices.disk() != null) {
      devices.disk().takeChangedBlocks().stream()
          .forEach(block -> changed.set(memory.pageCount() + block));
    }
    return changed;
  }

  /** Hash of each page of memory, for finding the pages in which two machines differ. */
  public long[] pageHashes() {
    memoryDigest.update();
    return memoryDigest.pageHashes();
  }

  /** Copies a page of guest memory or a block of the disk. */
  public void readPage(int number, byte[] target) {
    if (number < memory.pageCount()) {
      memory.read((long) number * PAGE_SIZE, target, 0, PAGE_SIZE);
    } else {
      devices.disk().readBlock(number - memory.pageCount(), target);
    }
  }

  /** How many pages guest memory and disk have together. */
  public int pageCount() {
    int blocks = devices.disk() == null ? 0 : devices.disk().blockCount();
    return Math.addExact(memory.pageCount(), blocks);
  }

  /** Gets the vCPU out of the guest soon; {@link #advance} returns false. Any thread. */
  public void kick() {
    vcpu.kick();
  }

  @Override
  public void close() {
    vcpu.close();
    vm.close();
    if (base != null) {
      base.close();
    }
  }

  /** Does the device access of an exit; true if the exit counts. */
  private final class ExitHandler implements VcpuExit.Handler<Boolean> {
    @Override
    public Boolean portIn(VcpuExit.PortIn exit) {
      if (devices.isClockPort(exit.port())) {
        devices.advanceClock(timeKeeper.timeAsked(Machine.this));
      }
      if (exit.count() == 1) {
        vcpu.answerPortIn(devices.ports().in(exit.port(), exit.size()));
      } else {
        vcpu.answerPortIn(devices.in(exit.port(), exit.size(), exit.count()));
      }
      return reached();
    }

    @Override
    public Boolean portOut(VcpuExit.PortOut exit) {
      if (config.program() instanceof LinuxGuest && LinuxGuest.isTimeStampPort(exit.port())) {
        return timeStamp(exit.port() == TimeStampPorts.RDTSCP);
      }
      devices.out(exit.port(), exit.size(), exit.data());
      return reached();
    }

    @Override
    public Boolean mmioRead(VcpuExit.MmioRead exit) {
      vcpu.answerMmioRead(-1L); // no device there: an open bus reads all ones
      return reached();
    }

    @Override
    public Boolean mmioWrite(VcpuExit.MmioWrite exit) {
      return reached();
    }

    @Override
    public Boolean halt(VcpuExit.Halt exit) {
      halted = true;
      reached();
      if (!vcpu.interruptFlag()) {
        ended = "guest halted with interrupts disabled";
      }
      return true;
    }

    @Override
    public Boolean interrupted(VcpuExit.Interrupted exit) {
      return false;
    }

    @Override
    public Boolean shutdown(VcpuExit.Shutdown exit) {
      return end("guest shut down (triple fault)");
    }

    @Override
    public Boolean internalError(VcpuExit.InternalError exit) {
      return end("the host's KVM cannot execute the guest's code: " + exit);
    }

    @Override
    public Boolean systemEvent(VcpuExit.SystemEvent exit) {
      return end("guest system event " + exit.type());
    }

    @Override
    public Boolean rdMsr(VcpuExit.RdMsr exit) {
      OptionalLong value = MsrPolicy.read(exit.index());
      if (exit.index() == MsrPolicy.TIME_STAMP_COUNTER) {
        vcpu.answerMsrRead(timeStampCounter());
      } else if (value.isPresent()) {
        vcpu.answerMsrRead(value.getAsLong());
      } else {
        vcpu.failMsrAccess();
        return faulted();
      }
      return reached();
    }

    @Override
    public Boolean wrMsr(VcpuExit.WrMsr exit) {
      if (!MsrPolicy.acceptsWrite(exit.index())) {
        vcpu.failMsrAccess();
        return faulted();
      }
      return reached();
    }

    /**
     * The access ends with an exception, which comes first: an interrupt injected beside it would
     * be lost in KVM and stay in service for good. It enters at the next exit or window.
     */
    private boolean faulted() {
      reached();
      interruptible = false;
      return true;
    }

    /** What RDTSC would do, which the loader replaced by an OUT to a port of ours. */
    private boolean timeStamp(boolean withProcessor) {
      long counter = timeStampCounter();
      // Registers may be set only when the OUT is complete. What KVM says at the exit about
      // interrupts is the answer for this position, so it must be asked before.
      boolean counts = reached();
      complete();
      vcpu.setRegister(Registers.RAX, counter & 0xffffffffL);
      vcpu.setRegister(Registers.RDX, counter >>> 32);
      if (withProcessor) {
        vcpu.setRegister(Registers.RCX, 0);
      }
      return counts;
    }

    /** Runs at 1 GHz with the virtual clock, and never shows the same value twice. */
    private long timeStampCounter() {
      return devices.clock().nanos() + position;
    }

    @Override
    public Boolean interruptWindowOpen(VcpuExit.InterruptWindowOpen exit) {
      throw unexpected(exit);
    }

    @Override
    public Boolean debug(VcpuExit.Debug exit) {
      throw unexpected(exit);
    }

    @Override
    public Boolean failEntry(VcpuExit.FailEntry exit) {
      throw unexpected(exit);
    }

    @Override
    public Boolean unknown(VcpuExit.Unknown exit) {
      throw unexpected(exit);
    }

    private boolean end(String reason) {
      ended = reason;
      position++;
      interruptible = false;
      return true;
    }

    private MachineException unexpected(VcpuExit exit) {
      return new MachineException(
          "the vCPU left the guest in a way nobody asked for: exit="
              + exit
              + " position="
              + position);
    }
  }
}
