package io.understudy.machine;

import io.understudy.kvm.GuestDebug;
import io.understudy.kvm.GuestMemory;
import io.understudy.kvm.Kvm;
import io.understudy.kvm.KvmException;
import io.understudy.kvm.Registers;
import io.understudy.kvm.Vcpu;
import io.understudy.kvm.VcpuExit;
import io.understudy.kvm.VirtualMachine;
import io.understudy.machine.disk.FileBaseImage;
import io.understudy.schemas.GuestEvent;
import io.understudy.schemas.SchemaException;
import io.understudy.schemas.avro.DeviceState;
import io.understudy.schemas.avro.MachineState;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;

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

  private final MachineConfig config;
  private final VirtualMachine vm;
  private final GuestMemory memory;
  private final Vcpu vcpu;
  private final GuestCode code;
  private final DeviceMemory deviceMemory;
  private final FileBaseImage base;
  private final Devices devices;
  private final ExitHandler exitHandler;
  private final EventEffects eventEffects;
  private MemoryDigest memoryDigest;
  private MemoryBaseline baseline;
  private LogicalClock clock;

  private long position;
  private final StateTransfers.Pieces incoming = new StateTransfers.Pieces();
  private boolean halted;

  /** What KVM said when the guest came to this named place; not asked again before the next. */
  private boolean interruptible;

  private boolean completed;
  private Landmark landmark;
  private String ended;

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
    this.exitHandler = new ExitHandler(this, vcpu, devices);
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
      machine.watchMemory();
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
    return restore(kvm, config, output, pages, () -> state);
  }

  /**
   * The same, where the state is known only behind the pages.
   *
   * @param pages as above; of a page that it names twice the later content counts
   * @param saved asked when {@code pages} has given all
   */
  public static Machine restore(
      Kvm kvm,
      MachineConfig config,
      MachineOutput output,
      PageSource pages,
      Supplier<MachineState> saved) {
    Machine machine = create(kvm, config, output);
    try {
      pages.fill(machine::loadPage);
      MachineState state = saved.get();
      MachineStates.restoreVcpu(state, machine.vcpu);
      machine.devices.restore(state.getDevices());
      machine.position = state.getPosition();
      machine.halted = state.getHalted();
      machine.interruptible = state.getInterruptible();
      machine.ended = state.getRunState().isEmpty() ? null : state.getRunState();
      machine.watchMemory();
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
      CpuModel cpu = CpuModel.of(kvm);
      vm.interceptMsrsExcept(MsrPolicy.allowed(cpu.isIntel()));
      machine.vcpu.setCpuid(cpu.table());
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

  /** From here on, what memory holds now is known. */
  private void watchMemory() {
    memoryDigest = new MemoryDigest(vm, memory, deviceMemory);
    RunClock kind = config.clock();
    if (kind.preempts()) {
      baseline =
          new MemoryBaseline(deviceMemory, vm.detachedMemory(memory.sizeBytes()), memoryDigest);
    }
    clock =
        switch (kind.counter()) {
          case NONE -> new ExitClock(vcpu);
          case INSTRUCTIONS -> new InstructionClock(vcpu, code, baseline);
          case STEPS -> new StepClock(vcpu, code);
        };
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

  /** How often the guest left KVM, and for what; any thread may read it. */
  public ExitCounts exitCounts() {
    return exitHandler.counts();
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

  /** The guest will not run again, whatever it would have done; what ended it before stays. */
  void end(String reason) {
    if (ended == null) {
      ended = reason;
    }
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
    requireRunnable();
    injectIfDeliverable();
    exitHandler.answerTimeBy(time);
    for (; ; ) {
      vcpu.requestInterruptWindow(config.clock().windows() && devices.pic().interruptPending());
      if (config.clock().counter() == RunClock.Counter.STEPS) {
        complete();
      }
      landmark = null;
      completed = false;
      VcpuExit exit = clock.run();
      if (exit instanceof VcpuExit.InterruptWindowOpen) {
        exit = leaveShadow();
      }
      if (exit != null) {
        return handle(exit);
      }
      completed = true;
      if (vcpu.interruptFlag()) {
        inject();
      }
    }
  }

  /** Does the device access of an exit; true if the exit counts. */
  private boolean handle(VcpuExit exit) {
    // What KVM says at the exit about interrupts is the answer for this position, so it is asked
    // before anything else happens.
    boolean ready = vcpu.readyForInterrupt();
    ExitHandler.Outcome outcome = exit.accept(exitHandler);
    if (outcome.effect() == ExitHandler.Effect.NONE) {
      return false;
    }
    position++;
    clock.restart();
    interruptible = ready && outcome.effect() != ExitHandler.Effect.FAULTED;
    halted |= outcome.effect() == ExitHandler.Effect.HALTED;
    outcome.end().or(devices::resetRequest).ifPresent(reason -> ended = reason);
    return true;
  }

  private void requireRunnable() {
    if (!isRunnable() && halted) {
      throw new MachineException(
          "the guest is halted and no interrupt can wake it: position=" + position);
    }
    if (ended != null) {
      throw new MachineException("the guest has ended: position=" + position + " why=" + ended);
    }
  }

  private void injectIfDeliverable() {
    if (isInterruptDeliverable()) {
      complete();
      // In the middle of an instruction with several accesses nothing is injected.
      if (!vcpu.isAccessIncomplete()) {
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
    while (code.byteAt(vcpu, -1) == GuestCode.STI) {
      boolean exits = code.isExitNext(vcpu);
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

  private void inject() {
    Landmark at = landmark();
    int vector = devices.pic().acknowledge();
    devices.injections().add(vector, at);
    vcpu.interrupt(vector);
    clock.injected();
    halted = false;
    // Until the next named place nothing more can be injected; a kick alone changes nothing.
    interruptible = false;
  }

  /** Makes the device access of this position complete, so that registers are what they will be. */
  void complete() {
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

  /**
   * How many instructions the guest has executed since the last named place; asked after a kick.
   * Recorded as {@link GuestEvent.Preempted}, the number makes this place a named one.
   *
   * @return empty where a number would not lead another execution to this place
   */
  public OptionalLong instructions() {
    return clock.instructions();
  }

  /**
   * How many instructions of the guest the host has counted since power-on or restoring; for
   * figures only. All of them where the host emulates the guest's code; on other hosts the few that
   * it emulates.
   *
   * @return empty if the host does not count
   */
  public OptionalLong executedInstructions() {
    return vcpu.emulatedInstructions();
  }

  /** Whether an interrupt waits, and the guest would take it where it stands after a kick. */
  public boolean isInterruptOverdue() {
    return devices.pic().interruptPending() && canTakeInterrupt();
  }

  /** After a kick. A host may have forgotten the shadow of STI, see {@link #leaveShadow}. */
  private boolean canTakeInterrupt() {
    return vcpu.readyForInterrupt() && code.byteAt(vcpu, -1) != GuestCode.STI;
  }

  /**
   * The state of a guest that was kicked at a place that nothing names, for another execution that
   * stands at the last named one; in pieces. Recorded and {@linkplain #apply applied} one after the
   * other, they make this place a named one.
   *
   * @return empty where the state would not be the same after it was transferred, because an
   *     interrupt or exception is being delivered, or where more than {@link
   *     StateTransfers#MAX_PAGES} pages have changed
   */
  public List<GuestEvent.StateTransferred> transfer() {
    if (!config.clock().transfers()) {
      throw new IllegalStateException("the run's clock has no transfers: " + config.clock());
    }
    if (vcpu.isEventQueued()) {
      return List.of();
    }
    BitSet changed = baseline.changedPages();
    if (changed.cardinality() > StateTransfers.MAX_PAGES) {
      return List.of();
    }
    interruptible = canTakeInterrupt();
    complete();
    List<DeviceState> interrupts = devices.saveInterrupts();
    return StateTransfers.encode(state(interrupts), changed, baseline, deviceMemory);
  }

  /**
   * Replaying: brings the guest to where {@code event} happened, if that is between two exits.
   *
   * @param rip where the guest's next instruction is there
   * @return false if a kick came first: call again to go on, and do not touch anything else before
   * @throws MachineException if the guest does not get there
   */
  public boolean arrive(GuestEvent event, long rip) {
    if (event instanceof GuestEvent.Preempted preempted) {
      return runTo(preempted.instructions(), rip);
    }
    if (event instanceof GuestEvent.StateTransferred piece) {
      if (!config.clock().transfers()) {
        throw new MachineException("the run's clock has no transfers: " + config.clock());
      }
      byte[] content = incoming.add(piece);
      if (content != null) {
        takeOver(content);
      }
    }
    return true;
  }

  private void takeOver(byte[] content) {
    // What the last exit began would otherwise be finished on top of the new state.
    complete();
    if (vcpu.isAccessIncomplete()) {
      throw new MachineException("the guest was stopped in the middle of an access");
    }
    MachineState state;
    try {
      state = StateTransfers.decode(content, baseline, deviceMemory);
      MachineStates.restoreVcpu(state, vcpu);
      devices.restoreInterrupts(state.getDevices());
    } catch (SchemaException | IllegalArgumentException | KvmException damaged) {
      throw new MachineException("transferred state cannot be taken over: " + damaged.getMessage());
    }
    halted = state.getHalted();
    interruptible = state.getInterruptible();
    landmark = null;
    completed = true;
  }

  private boolean runTo(long instructions, long rip) {
    requireRunnable();
    injectIfDeliverable();
    complete();
    landmark = null;
    VcpuExit exit = clock.runTo(instructions, rip);
    completed = true;
    if (exit != null && !(exit instanceof VcpuExit.Interrupted)) {
      throw new MachineException(
          "the guest left at an exit before the place where it was stopped: instructions="
              + instructions
              + " exit="
              + exit);
    }
    return exit == null;
  }

  /** The guest was stopped at a place that a number of instructions names. */
  void preempted(long instructions) {
    OptionalLong here = clock.instructions();
    if (here.isEmpty() || here.getAsLong() != instructions) {
      throw new MachineException(
          "the guest does not stand where it was stopped: instructions expected="
              + instructions
              + " actual="
              + here);
    }
    interruptible = true;
    clock.restart();
  }

  /**
   * Makes the place where a kicked guest stands a position of its own, for a run that nobody
   * records: no other execution can find it.
   */
  public void stopUnrecorded() {
    interruptible = canTakeInterrupt();
    clock.restart();
    landmark = null;
  }

  /** The guest was stopped at a place that its transferred state names. */
  void transferred() {
    baseline.advance();
    clock.restart();
  }

  /** Digest of the complete state at this position; makes it a common place, see ADR 0016. */
  public StateDigest digest() {
    complete();
    long memoryNow = baseline == null ? memoryDigest.update() : baseline.advance();
    return new StateDigest(
        RegisterDigest.complete(vcpu.save()),
        // Where windows are exact it makes no difference whether an interrupt enters at an exit or
        // in the window right behind it.
        devices.digest(position, halted, interruptible && !config.clock().windows()),
        memoryNow);
  }

  /** The complete state but for memory. */
  public MachineState save() {
    complete();
    return state(devices.save());
  }

  private MachineState state(List<DeviceState> deviceStates) {
    return MachineStates.save(
        position,
        virtualNanos(),
        halted,
        interruptible,
        ended == null ? "" : ended,
        vcpu.save(),
        deviceStates);
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

  /**
   * What was written between two digests: the last one, and the one after which this was called
   * before.
   *
   * @param changed pages whose content differs or has differed at a digest in between
   * @param touched those, and the pages that were written and then as before: what was read of them
   *     beside the running guest may be neither their old content nor their new one
   */
  public record Writes(BitSet changed, BitSet touched) {}

  /**
   * Takes what was written up to the last {@link #digest}; behind it, the guest must not have run.
   * Takes the same set as {@link #takeChangedPages}, so a machine is asked for one of them only.
   */
  public Writes takeWrites() {
    BitSet changed = memoryDigest.takeChangedAsOfUpdate();
    BitSet touched = memoryDigest.takeTouched();
    if (devices.disk() != null) {
      BitSet blocks = devices.disk().takeChangedBlocks();
      for (int block = blocks.nextSetBit(0); block >= 0; block = blocks.nextSetBit(block + 1)) {
        changed.set(memory.pageCount() + block);
        touched.set(memory.pageCount() + block);
      }
    }
    return new Writes(changed, touched);
  }

  /** Numbers of all pages that may not be what they are without the guest: for a first copy. */
  public BitSet presentPages() {
    BitSet present = new BitSet();
    present.set(0, memory.pageCount());
    if (devices.disk() != null) {
      devices.disk().overlayBlocks().stream()
          .forEach(block -> present.set(memory.pageCount() + block));
    }
    return present;
  }

  /** How many of the pages are memory; blocks of the disk are numbered behind them. */
  public int memoryPageCount() {
    return memory.pageCount();
  }

  /** Hash of each page of memory, for finding the pages in which two machines differ. */
  public long[] pageHashes() {
    memoryDigest.update();
    return memoryDigest.pageHashes();
  }

  /**
   * Copies a page of guest memory or a block of the disk. A thread other than the vCPU thread may
   * do so while the machine is open, for a page that was among the {@linkplain #presentPages
   * present} or {@linkplain Writes#touched touched} ones when the vCPU thread told it to: what it
   * gets is accidental if the page is written meanwhile, and then the page is touched again.
   */
  public void readPage(int number, byte[] target) {
    if (number < memory.pageCount()) {
      memory.read((long) number * PAGE_SIZE, target, 0, PAGE_SIZE);
    } else {
      devices.disk().readBlock(number - memory.pageCount(), target);
    }
  }

  /** For tests: changes a bit of a page of memory, as a faulty host might. */
  void corrupt(int page) {
    byte[] one = new byte[1];
    deviceMemory.read((long) page * PAGE_SIZE, one, 0, 1);
    one[0] ^= 1;
    deviceMemory.write((long) page * PAGE_SIZE, one, 0, 1);
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
}
