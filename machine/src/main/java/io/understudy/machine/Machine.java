package io.understudy.machine;

import io.understudy.kvm.GuestMemory;
import io.understudy.kvm.Kvm;
import io.understudy.kvm.Registers;
import io.understudy.kvm.Vcpu;
import io.understudy.kvm.VcpuExit;
import io.understudy.kvm.VirtualMachine;
import io.understudy.machine.devices.ConsoleSink;
import io.understudy.schemas.GuestEvent;
import io.understudy.schemas.avro.MachineState;
import java.util.BitSet;
import java.util.Objects;
import java.util.Optional;

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
 * change it.
 *
 * <p>Owned by the vCPU thread, which is the one that called {@link #bindToCurrentThread} last; only
 * {@link #kick} may be called by others.
 */
public final class Machine implements AutoCloseable {
  /** Version of the machine's behaviour; replay needs a machine of the version that recorded. */
  public static final int VERSION = 1;

  /** Bytes in a page of guest memory as {@link #takeChangedPages} counts them. */
  public static final int PAGE_SIZE = MemoryDigest.PAGE_SIZE;

  private final MachineConfig config;
  private final VirtualMachine vm;
  private final GuestMemory memory;
  private final Vcpu vcpu;
  private final Devices devices;
  private final ExitHandler exitHandler = new ExitHandler();
  private final EventHandler eventHandler = new EventHandler();
  private MemoryDigest memoryDigest;

  private long position;
  private boolean halted;

  /** What KVM said at the exit of this position; never asked again. */
  private boolean interruptible;

  private boolean completed;
  private Landmark landmark;
  private String ended;

  private Machine(MachineConfig config, VirtualMachine vm, ConsoleSink console) {
    this.config = config;
    this.vm = vm;
    this.memory = vm.addMemory(0, 0, config.memoryBytes());
    this.vcpu = vm.createVcpu(0);
    this.devices = new Devices(config.wallClockEpochMillis(), console);
  }

  /**
   * A machine at position 0, the guest's first instruction not yet executed.
   *
   * @param console takes what the guest transmits, on the vCPU thread
   */
  public static Machine powerOn(Kvm kvm, MachineConfig config, ConsoleSink console) {
    Machine machine = create(kvm, config, console);
    try {
      BootLoader.load(machine.memory, config);
      CpuReset.enterLongMode(machine.vcpu, config.image().entry());
      machine.memoryDigest = new MemoryDigest(machine.vm, machine.memory);
      return machine;
    } catch (RuntimeException | Error failure) {
      machine.close();
      throw failure;
    }
  }

  /**
   * A machine at the position where {@code state} was saved.
   *
   * @param pages fills memory; pages it does not name are zero
   * @throws IllegalArgumentException if {@code state} is of a version this class does not know
   */
  public static Machine restore(
      Kvm kvm, MachineConfig config, ConsoleSink console, MachineState state, PageSource pages) {
    Machine machine = create(kvm, config, console);
    try {
      pages.fill(
          (number, content) ->
              machine.memory.write((long) number * PAGE_SIZE, content, 0, PAGE_SIZE));
      MachineStates.restore(state, machine.vcpu, machine.devices);
      machine.position = state.getPosition();
      machine.halted = state.getHalted();
      machine.interruptible = state.getInterruptible();
      machine.ended = state.getRunState().isEmpty() ? null : state.getRunState();
      machine.memoryDigest = new MemoryDigest(machine.vm, machine.memory);
      return machine;
    } catch (RuntimeException | Error failure) {
      machine.close();
      throw failure;
    }
  }

  private static Machine create(Kvm kvm, MachineConfig config, ConsoleSink console) {
    Objects.requireNonNull(console, "console");
    VirtualMachine vm = kvm.createVirtualMachine();
    try {
      Machine machine = new Machine(config, vm, console);
      machine.vcpu.setCpuid(CpuModel.table(kvm));
      machine.bindToCurrentThread();
      return machine;
    } catch (RuntimeException | Error failure) {
      vm.close();
      throw failure;
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
    return devices.uart().receivedBytes();
  }

  /** Offset behind the last console byte that came out. */
  public long outputOffset() {
    return devices.uart().transmittedBytes();
  }

  /** How many bytes of console input can be applied now. */
  public int inputRoom() {
    return devices.uart().receiveRoom();
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
    event.applyTo(eventHandler);
  }

  /**
   * Injects an interrupt if the guest can take one and runs it to its next deterministic exit.
   *
   * @return true at the next position; false if a kick came first: call again to go on, and do not
   *     touch anything else before
   */
  public boolean advance() {
    landmark = null;
    completed = false;
    if (!isRunnable() && halted) {
      throw new MachineException(
          "the guest is halted and no interrupt can wake it: position=" + position);
    }
    if (ended != null) {
      throw new MachineException("the guest has ended: position=" + position + " why=" + ended);
    }
    if (isInterruptDeliverable()) {
      vcpu.interrupt(devices.pic().acknowledge());
      halted = false;
      // Until the next exit nothing more can be injected; a kick in between changes nothing.
      interruptible = false;
    }
    VcpuExit exit = vcpu.run();
    return exit.accept(exitHandler);
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
        devices.digest(position, halted, interruptible),
        memoryDigest.update());
  }

  /** The complete state but for memory. */
  public MachineState save() {
    complete();
    return MachineStates.save(
        position, halted, interruptible, ended == null ? "" : ended, vcpu.save(), devices);
  }

  /** Numbers of the pages that changed since this was last called (at first: since zero memory). */
  public BitSet takeChangedPages() {
    return memoryDigest.takeChanged();
  }

  /** Hash of each page, for finding the pages in which two machines differ. */
  public long[] pageHashes() {
    memoryDigest.update();
    return memoryDigest.pageHashes();
  }

  /** Copies a page of guest memory. */
  public void readPage(int number, byte[] target) {
    memory.read((long) number * PAGE_SIZE, target, 0, PAGE_SIZE);
  }

  /** How many pages guest memory has. */
  public int pageCount() {
    return memory.pageCount();
  }

  /** Gets the vCPU out of the guest soon; {@link #advance} returns false. Any thread. */
  public void kick() {
    vcpu.kick();
  }

  @Override
  public void close() {
    vcpu.close();
    vm.close();
  }

  /** What each event does to the machine. */
  private final class EventHandler implements GuestEvent.Handler {
    @Override
    public void onRunStarted(GuestEvent.RunStarted event) {
      // Says what the machine was made of; it is made already.
    }

    @Override
    public void onTermStarted(GuestEvent.TermStarted event) {
      // Who leads is nothing the guest could notice.
    }

    @Override
    public void onClockAdvanced(GuestEvent.ClockAdvanced event) {
      devices.advanceClock(event.nanos());
    }

    @Override
    public void onConsoleInput(GuestEvent.ConsoleInput event) {
      devices.uart().receive(event.bytes());
    }

    @Override
    public void onRunEnded(GuestEvent.RunEnded event) {
      if (ended == null) {
        throw new MachineException(
            "the log ends the run, the guest has not ended: position=" + position);
      }
    }

    @Override
    public void onEpochCommitted(GuestEvent.EpochCommitted event) {
      throw new IllegalArgumentException("a mark is about the log, not for the machine");
    }
  }

  /** Does the device access of an exit; true if the exit counts. */
  private final class ExitHandler implements VcpuExit.Handler<Boolean> {
    @Override
    public Boolean portIn(VcpuExit.PortIn exit) {
      if (exit.count() == 1) {
        vcpu.answerPortIn(devices.ports().in(exit.port(), exit.size()));
      } else {
        vcpu.answerPortIn(devices.in(exit.port(), exit.size(), exit.count()));
      }
      return reached();
    }

    @Override
    public Boolean portOut(VcpuExit.PortOut exit) {
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
      throw unexpected(exit);
    }

    @Override
    public Boolean wrMsr(VcpuExit.WrMsr exit) {
      throw unexpected(exit);
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
