package io.understudy.schemas;

import static java.util.Objects.requireNonNull;

import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What happened to a guest from outside at one position of its execution, in the order in which the
 * guest observed it; also the marks that open, close and end the history.
 *
 * <p>Immutable; byte arrays are copied in and out and compared by content. Constructors refuse
 * values outside the documented ranges with an {@link IllegalArgumentException}.
 */
// Every array component is copied in and out and compared by content, below.
@SuppressWarnings("ArrayRecordComponent")
public sealed interface GuestEvent {

  /** Name of the type as it stands in the record header {@code type}; part of the contract. */
  String typeName();

  /** Hands this event to the method of {@code handler} made for its type. */
  void applyTo(Handler handler);

  /** No method has a default body: a new event type must break every handler at compile time. */
  interface Handler {
    /** The run began. */
    void onRunStarted(RunStarted event);

    /** A new leader took the log over. */
    void onTermStarted(TermStarted event);

    /** The virtual clock moved. */
    void onClockAdvanced(ClockAdvanced event);

    /** Bytes arrived at the console. */
    void onConsoleInput(ConsoleInput event);

    /** A frame arrived at the network card. */
    void onFrameReceived(FrameReceived event);

    /** The guest asked for the time. */
    void onTimeRead(TimeRead event);

    /** The guest was stopped at a place that can be found again. */
    void onPreempted(Preempted event);

    /** The guest was stopped at a place that cannot, and this is its state there. */
    void onStateTransferred(StateTransferred event);

    /** The run is over. */
    void onRunEnded(RunEnded event);

    /** The epoch is complete. */
    void onEpochCommitted(EpochCommitted event);
  }

  /**
   * First event of a run: everything a replay depends on.
   *
   * @param partitions number of partitions the epochs are striped over, 1 or more
   * @param memoryBytes size of the guest's memory in bytes, more than 0
   * @param guest name of the guest image
   * @param imageSha256 SHA-256 of the guest image as given, 32 bytes
   * @param commandLine command line handed to the guest, empty when none
   * @param cpuModel name of the CPU model shown to the guest
   * @param clock which logical clock made the recording: {@code exit}, with {@code +window}, {@code
   *     +instructions} or {@code +steps}, and {@code +transfer}
   * @param consoleMode how the console frames its bytes ({@code stream} or {@code channels})
   * @param wallClockEpochMillis wall clock at power-on, milliseconds since 1970-01-01T00:00Z
   * @param seed seed of the guest's random numbers
   * @param machineVersion behaviour version of the devices, 1 or more
   * @param minimumReplayerVersion lowest machineVersion a replayer must support, 1 or more
   * @param hostFacts facts about the recording host, for diagnosis only
   * @param node name of the node that started the run
   * @param attachments what the machine has beside processor, memory and the standard devices
   */
  record RunStarted(
      int partitions,
      long memoryBytes,
      String guest,
      byte[] imageSha256,
      String commandLine,
      String cpuModel,
      String clock,
      String consoleMode,
      long wallClockEpochMillis,
      long seed,
      int machineVersion,
      int minimumReplayerVersion,
      SortedMap<String, String> hostFacts,
      String node,
      Attachments attachments)
      implements GuestEvent {
    /** Checks the ranges and copies array and map. */
    public RunStarted {
      Checks.atLeast(1, "partitions", partitions);
      Checks.atLeast(1, "memoryBytes", memoryBytes);
      Checks.notBlank("guest", guest);
      imageSha256 = Checks.sha256("imageSha256", imageSha256);
      requireNonNull(commandLine, "commandLine");
      Checks.notBlank("cpuModel", cpuModel);
      Checks.notBlank("clock", clock);
      Checks.notBlank("consoleMode", consoleMode);
      Checks.atLeast(1, "machineVersion", machineVersion);
      Checks.atLeast(1, "minimumReplayerVersion", minimumReplayerVersion);
      if (minimumReplayerVersion > machineVersion) {
        throw new IllegalArgumentException(
            "minimumReplayerVersion must not exceed machineVersion: minimumReplayerVersion="
                + minimumReplayerVersion
                + " machineVersion="
                + machineVersion);
      }
      hostFacts = Collections.unmodifiableSortedMap(new TreeMap<>(hostFacts));
      Checks.notBlank("node", node);
      requireNonNull(attachments, "attachments");
    }

    @Override
    public byte[] imageSha256() {
      return imageSha256.clone();
    }

    @Override
    public String typeName() {
      return "RunStarted";
    }

    @Override
    public void applyTo(Handler handler) {
      handler.onRunStarted(this);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof RunStarted that
          && partitions == that.partitions
          && memoryBytes == that.memoryBytes
          && guest.equals(that.guest)
          && Arrays.equals(imageSha256, that.imageSha256)
          && commandLine.equals(that.commandLine)
          && cpuModel.equals(that.cpuModel)
          && clock.equals(that.clock)
          && consoleMode.equals(that.consoleMode)
          && wallClockEpochMillis == that.wallClockEpochMillis
          && seed == that.seed
          && machineVersion == that.machineVersion
          && minimumReplayerVersion == that.minimumReplayerVersion
          && hostFacts.equals(that.hostFacts)
          && node.equals(that.node)
          && attachments.equals(that.attachments);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(imageSha256) * 31 + Long.hashCode(seed);
    }

    @Override
    public String toString() {
      return "RunStarted[partitions="
          + partitions
          + " memoryBytes="
          + memoryBytes
          + " guest="
          + guest
          + " imageSha256="
          + HexFormat.of().formatHex(imageSha256)
          + " commandLine="
          + commandLine
          + " cpuModel="
          + cpuModel
          + " clock="
          + clock
          + " consoleMode="
          + consoleMode
          + " wallClockEpochMillis="
          + wallClockEpochMillis
          + " seed="
          + seed
          + " machineVersion="
          + machineVersion
          + " minimumReplayerVersion="
          + minimumReplayerVersion
          + " hostFacts="
          + hostFacts
          + " node="
          + node
          + " attachments="
          + attachments
          + "]";
    }
  }

  /**
   * First event of a term after the first: a node took the log over, after it fenced the previous
   * leader and applied everything that one had committed.
   *
   * @param node name of the node that leads from here
   * @param reason why it took over, for people
   * @param previousTerm the term that ended, from 1; the event's own term is one more
   */
  record TermStarted(String node, String reason, long previousTerm) implements GuestEvent {
    /** Checks the ranges. */
    public TermStarted {
      Checks.notBlank("node", node);
      requireNonNull(reason, "reason");
      Checks.atLeast(1, "previousTerm", previousTerm);
    }

    @Override
    public String typeName() {
      return "TermStarted";
    }

    @Override
    public void applyTo(Handler handler) {
      handler.onTermStarted(this);
    }
  }

  /**
   * The guest's only clock moved.
   *
   * @param nanos virtual time since power-on, absolute, in nanoseconds, from 0, never decreasing
   */
  record ClockAdvanced(long nanos) implements GuestEvent {
    /** Checks the range. */
    public ClockAdvanced {
      Checks.atLeast(0, "nanos", nanos);
    }

    @Override
    public String typeName() {
      return "ClockAdvanced";
    }

    @Override
    public void applyTo(Handler handler) {
      handler.onClockAdvanced(this);
    }
  }

  /**
   * Bytes arrived at the guest's console; they are applied as a whole.
   *
   * @param bytes 1 to {@link #MAX_BYTES} bytes
   */
  record ConsoleInput(byte[] bytes) implements GuestEvent {
    /** Most bytes one event carries. */
    public static final int MAX_BYTES = 4096;

    /** Checks the length and copies. */
    public ConsoleInput {
      if (bytes.length < 1 || bytes.length > MAX_BYTES) {
        throw new IllegalArgumentException(
            "console input must be 1 to " + MAX_BYTES + " bytes: length=" + bytes.length);
      }
      bytes = bytes.clone();
    }

    @Override
    public byte[] bytes() {
      return bytes.clone();
    }

    @Override
    public String typeName() {
      return "ConsoleInput";
    }

    @Override
    public void applyTo(Handler handler) {
      handler.onConsoleInput(this);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof ConsoleInput that && Arrays.equals(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
      return "ConsoleInput[bytes=" + HexFormat.of().formatHex(bytes) + "]";
    }
  }

  /**
   * A frame arrived at the guest's network card.
   *
   * @param frame an Ethernet frame without preamble and checksum, {@link #MIN_BYTES} to {@link
   *     #MAX_BYTES} bytes
   */
  record FrameReceived(byte[] frame) implements GuestEvent {
    /** An Ethernet header. */
    public static final int MIN_BYTES = 14;

    /** An Ethernet header and 1500 bytes. */
    public static final int MAX_BYTES = 1514;

    /** Checks the length and copies. */
    public FrameReceived {
      if (frame.length < MIN_BYTES || frame.length > MAX_BYTES) {
        throw new IllegalArgumentException(
            "a frame must be " + MIN_BYTES + " to " + MAX_BYTES + " bytes: length=" + frame.length);
      }
      frame = frame.clone();
    }

    @Override
    public byte[] frame() {
      return frame.clone();
    }

    @Override
    public String typeName() {
      return "FrameReceived";
    }

    @Override
    public void applyTo(Handler handler) {
      handler.onFrameReceived(this);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof FrameReceived that && Arrays.equals(frame, that.frame);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(frame);
    }

    @Override
    public String toString() {
      return "FrameReceived[frame=" + HexFormat.of().formatHex(frame) + "]";
    }
  }

  /**
   * The guest's only clock moved because the guest asked for the time. The move comes before the
   * device access at the event's position, so that the answer is the time of the question; the
   * landmark is of after the access, as always.
   *
   * @param nanos virtual time since power-on, absolute, in nanoseconds, from 0, never decreasing
   */
  record TimeRead(long nanos) implements GuestEvent {
    /** Checks the range. */
    public TimeRead {
      Checks.atLeast(0, "nanos", nanos);
    }

    @Override
    public String typeName() {
      return "TimeRead";
    }

    @Override
    public void applyTo(Handler handler) {
      handler.onTimeRead(this);
    }
  }

  /**
   * The guest was stopped between two exits, at a place that can be found again. The position stays
   * that of the exit before; the landmark is of this place.
   *
   * @param instructions executed since the exit, or since the last event of this kind or a {@link
   *     StateTransferred} behind it; from 1, as the run's clock counts them
   */
  record Preempted(long instructions) implements GuestEvent {
    /** Checks the range. */
    public Preempted {
      Checks.atLeast(1, "instructions", instructions);
    }

    @Override
    public String typeName() {
      return "Preempted";
    }

    @Override
    public void applyTo(Handler handler) {
      handler.onPreempted(this);
    }
  }

  /**
   * The guest was stopped between two exits, at a place that nothing names; what it has done since
   * the last one that has a name is not repeated but put in place. The position stays that of the
   * exit before; the landmark is of this place.
   *
   * @param index which piece of the content this is, from 0; pieces follow each other
   * @param count how many pieces there are, more than index
   * @param content the piece, 1 to {@link #MAX_BYTES} bytes
   */
  record StateTransferred(int index, int count, byte[] content) implements GuestEvent {
    /** Most bytes one event carries: it fits the batch that a broker accepts by default. */
    public static final int MAX_BYTES = 512 * 1024;

    /** Checks the ranges and copies. */
    public StateTransferred {
      Checks.atLeast(0, "index", index);
      Checks.atLeast(index + 1L, "count", count);
      if (content.length < 1 || content.length > MAX_BYTES) {
        throw new IllegalArgumentException(
            "a piece of state must be 1 to " + MAX_BYTES + " bytes: length=" + content.length);
      }
      content = content.clone();
    }

    @Override
    public byte[] content() {
      return content.clone();
    }

    /** Length of the content in bytes. */
    public int size() {
      return content.length;
    }

    /** Whether no piece follows. */
    public boolean isLast() {
      return index == count - 1;
    }

    @Override
    public String typeName() {
      return "StateTransferred";
    }

    @Override
    public void applyTo(Handler handler) {
      handler.onStateTransferred(this);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof StateTransferred that
          && index == that.index
          && count == that.count
          && Arrays.equals(content, that.content);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(content) * 31 + index;
    }

    @Override
    public String toString() {
      return "StateTransferred[index="
          + index
          + " count="
          + count
          + " bytes="
          + content.length
          + "]";
    }
  }

  /**
   * Last event of the guest. Behind the mark of its epoch only {@link TermStarted} may follow, of
   * successors that let the last output out.
   *
   * @param reason why the run ended, for people; begins with {@link #ORDERED} if it was ordered and
   *     not the guest's doing
   */
  record RunEnded(String reason) implements GuestEvent {
    /** How the reason begins when the guest would have gone on. */
    public static final String ORDERED = "stopped by ";

    /** Refuses null. */
    public RunEnded {
      requireNonNull(reason, "reason");
    }

    /** Whether the guest had not ended by itself. */
    public boolean isOrdered() {
      return reason.startsWith(ORDERED);
    }

    @Override
    public String typeName() {
      return "RunEnded";
    }

    @Override
    public void applyTo(Handler handler) {
      handler.onRunEnded(this);
    }
  }

  /**
   * Closes an epoch. The digests are of the machine at the mark's position, after the epoch's
   * events were applied and before an interrupt is injected.
   *
   * @param eventCount number of events of the epoch without this mark, 0 or more
   * @param firstSequence sequence of the epoch's first event, or of this mark when there is none
   * @param registersDigest digest of the vCPU's registers
   * @param devicesDigest digest of all devices
   * @param memoryDigest digest of the guest's memory
   * @param inputOffset console bytes given to the guest since power-on, from 0
   * @param outputOffset console bytes the guest produced since power-on, from 0
   * @param releasedOutputOffset console bytes surely released when the epoch was closed, from 0 to
   *     outputOffset
   * @param virtualNanos virtual time since power-on in nanoseconds, from 0
   * @param previousHash hash of the previous epoch, {@link HashChain#genesis()} for epoch 0
   * @param hash hash of this epoch, see {@link HashChain}
   * @param framesSent network frames the guest sent since power-on, from 0
   * @param framesReleased those surely released when the epoch was closed, from 0 to framesSent
   */
  record EpochCommitted(
      int eventCount,
      long firstSequence,
      long registersDigest,
      long devicesDigest,
      long memoryDigest,
      long inputOffset,
      long outputOffset,
      long releasedOutputOffset,
      long virtualNanos,
      byte[] previousHash,
      byte[] hash,
      long framesSent,
      long framesReleased)
      implements GuestEvent {
    /** Checks the ranges and copies the hashes. */
    public EpochCommitted {
      Checks.atLeast(0, "eventCount", eventCount);
      Checks.atLeast(0, "firstSequence", firstSequence);
      Checks.atLeast(0, "inputOffset", inputOffset);
      Checks.atLeast(0, "outputOffset", outputOffset);
      Checks.atLeast(0, "releasedOutputOffset", releasedOutputOffset);
      if (releasedOutputOffset > outputOffset) {
        throw new IllegalArgumentException(
            "releasedOutputOffset must not exceed outputOffset: releasedOutputOffset="
                + releasedOutputOffset
                + " outputOffset="
                + outputOffset);
      }
      Checks.atLeast(0, "virtualNanos", virtualNanos);
      previousHash = Checks.sha256("previousHash", previousHash);
      hash = Checks.sha256("hash", hash);
      Checks.atLeast(0, "framesReleased", framesReleased);
      if (framesReleased > framesSent) {
        throw new IllegalArgumentException(
            "framesReleased must not exceed framesSent: framesReleased="
                + framesReleased
                + " framesSent="
                + framesSent);
      }
    }

    @Override
    public byte[] previousHash() {
      return previousHash.clone();
    }

    @Override
    public byte[] hash() {
      return hash.clone();
    }

    @Override
    public String typeName() {
      return "EpochCommitted";
    }

    @Override
    public void applyTo(Handler handler) {
      handler.onEpochCommitted(this);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof EpochCommitted that
          && eventCount == that.eventCount
          && firstSequence == that.firstSequence
          && registersDigest == that.registersDigest
          && devicesDigest == that.devicesDigest
          && memoryDigest == that.memoryDigest
          && inputOffset == that.inputOffset
          && outputOffset == that.outputOffset
          && releasedOutputOffset == that.releasedOutputOffset
          && virtualNanos == that.virtualNanos
          && Arrays.equals(previousHash, that.previousHash)
          && Arrays.equals(hash, that.hash)
          && framesSent == that.framesSent
          && framesReleased == that.framesReleased;
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(hash);
    }

    @Override
    public String toString() {
      return "EpochCommitted[eventCount="
          + eventCount
          + " firstSequence="
          + firstSequence
          + " registersDigest="
          + Long.toHexString(registersDigest)
          + " devicesDigest="
          + Long.toHexString(devicesDigest)
          + " memoryDigest="
          + Long.toHexString(memoryDigest)
          + " inputOffset="
          + inputOffset
          + " outputOffset="
          + outputOffset
          + " releasedOutputOffset="
          + releasedOutputOffset
          + " virtualNanos="
          + virtualNanos
          + " previousHash="
          + HexFormat.of().formatHex(previousHash)
          + " hash="
          + HexFormat.of().formatHex(hash)
          + " framesSent="
          + framesSent
          + " framesReleased="
          + framesReleased
          + "]";
    }
  }
}
