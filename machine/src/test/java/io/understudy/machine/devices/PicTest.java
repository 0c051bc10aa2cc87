package io.understudy.machine.devices;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Rules of the 8259 pair, and the sequences Linux's arch/x86/kernel/i8259.c runs on it. */
class PicTest {

  private static final int MASTER = 0x20;
  private static final int MASTER_DATA = 0x21;
  private static final int SLAVE = 0xA0;
  private static final int SLAVE_DATA = 0xA1;
  private static final int MASTER_BASE = 0x30;
  private static final int SLAVE_BASE = 0x38;

  private final Pic pic = new Pic();

  @BeforeEach
  void initializeAsLinuxDoes() {
    initialize(0x11, 0x01, 0x01);
  }

  private void initialize(int icw1, int masterIcw4, int slaveIcw4) {
    out(MASTER, icw1);
    out(MASTER_DATA, MASTER_BASE);
    out(MASTER_DATA, 4);
    out(MASTER_DATA, masterIcw4);
    out(SLAVE, icw1);
    out(SLAVE_DATA, SLAVE_BASE);
    out(SLAVE_DATA, 2);
    out(SLAVE_DATA, slaveIcw4);
  }

  @Test
  void passesTheProbeOfLinux() {
    Pic fresh = new Pic();

    fresh.out(SLAVE_DATA, 1, 0xFF);
    fresh.out(MASTER_DATA, 1, 0xFB);

    assertThat(fresh.in(MASTER_DATA, 1)).isEqualTo(0xFB);
    assertThat(fresh.in(SLAVE_DATA, 1)).isEqualTo(0xFF);
  }

  @Test
  void runsTheLevelHandlerOfLinux_forATimerTick() {
    pulse(0);
    assertThat(pic.interruptPending()).isTrue();
    assertThat(pic.acknowledge()).isEqualTo(0x30);

    // mask_and_ack_8259A: dummy read, mask, specific EOI; unmask at the end of the handler.
    assertThat(in(MASTER_DATA)).isZero();
    out(MASTER_DATA, 0x01);
    out(MASTER, 0x60);
    pulse(0);
    assertThat(pic.interruptPending()).isFalse();
    out(MASTER_DATA, 0x00);

    assertThat(pic.interruptPending()).isTrue();
    assertThat(pic.acknowledge()).isEqualTo(0x30);
  }

  @Test
  void runsTheLevelHandlerOfLinux_forAnInterruptOfTheSlave() {
    pic.setLine(12, true);
    assertThat(pic.acknowledge()).isEqualTo(0x3C);
    assertThat(inService(MASTER)).isEqualTo(0x04);
    assertThat(inService(SLAVE)).isEqualTo(0x10);

    out(SLAVE_DATA, 0x10);
    out(SLAVE, 0x60 + 4);
    out(MASTER, 0x62);

    assertThat(inService(MASTER)).isZero();
    assertThat(inService(SLAVE)).isZero();
    assertThat(pic.interruptPending()).isFalse();
  }

  @Test
  void answersTheSpuriousCheckOfLinux() {
    assertThat(pic.acknowledge()).isEqualTo(0x37);

    out(MASTER, 0x0B);
    assertThat(in(MASTER)).isZero();
    out(MASTER, 0x0A);
    assertThat(in(MASTER)).isZero();
  }

  @Test
  void latchesAnEdge_evenWhenTheWireFallsAgain() {
    pulse(4);

    assertThat(requests(MASTER)).isEqualTo(0x10);
    assertThat(pic.interruptPending()).isTrue();
  }

  @Test
  void needsARisingEdge_forEachRequestOfAnEdgeTriggeredInput() {
    pic.setLine(4, true);
    assertThat(pic.acknowledge()).isEqualTo(0x34);
    out(MASTER, 0x20);

    pic.setLine(4, true);
    assertThat(pic.interruptPending()).isFalse();

    pic.setLine(4, false);
    pic.setLine(4, true);
    assertThat(pic.interruptPending()).isTrue();
  }

  @Test
  void isLevelTriggered_whereFirmwareHasMadeItSo() {
    pic.makeLevelTriggered(5);
    pic.makeLevelTriggered(10);
    pic.makeLevelTriggered(11);
    initializeAsLinuxDoes();
    pic.setLine(10, true);

    assertThat(in(0x4D0)).isEqualTo(0x20);
    assertThat(in(0x4D1)).isEqualTo(0x0C);
    assertThat(pic.acknowledge()).isEqualTo(0x3A);
    out(SLAVE, 0x62);
    out(MASTER, 0x62);
    assertThat(pic.acknowledge()).as("the wire is still high").isEqualTo(0x3A);
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 1, 2, 8, 13, 16})
  void refusesToMakeInputsLevelTriggered_thatAreWiredToEdges(int irq) {
    assertThatThrownBy(() -> pic.makeLevelTriggered(irq))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("irq=" + irq);
  }

  @Test
  void followsTheWire_whenLevelTriggered() {
    pic.out(0x4D0, 1, 0x20);

    pic.setLine(5, true);
    assertThat(pic.acknowledge()).isEqualTo(0x35);
    out(MASTER, 0x20);
    assertThat(pic.interruptPending()).isTrue();

    pic.setLine(5, false);
    assertThat(pic.interruptPending()).isFalse();
    assertThat(requests(MASTER)).isZero();
  }

  @Test
  void letsTheElcrChangeOnlyTheInputsAPcHas() {
    pic.out(0x4D0, 1, 0xFF);
    pic.out(0x4D1, 1, 0xFF);

    assertThat(pic.in(0x4D0, 1)).isEqualTo(0xF8);
    assertThat(pic.in(0x4D1, 1)).isEqualTo(0xDE);
  }

  @Test
  void masksAndKeepsRequests() {
    out(MASTER_DATA, 0x02);
    pulse(1);
    assertThat(pic.interruptPending()).isFalse();
    assertThat(requests(MASTER)).isEqualTo(0x02);

    out(MASTER_DATA, 0x00);
    assertThat(pic.acknowledge()).isEqualTo(0x31);
  }

  @Test
  void ranksLowNumbersFirst_andTheSlaveBetweenOneAndThree() {
    for (int irq : new int[] {7, 3, 15, 8, 1, 0}) {
      pulse(irq);
    }

    assertThat(acknowledgeAndEndAll(6)).containsExactly(0x30, 0x31, 0x38, 0x3F, 0x33, 0x37);
  }

  @Test
  void lowerPriorityWaits_andHigherPriorityInterrupts() {
    pulse(4);
    assertThat(pic.acknowledge()).isEqualTo(0x34);

    pulse(6);
    assertThat(pic.interruptPending()).isFalse();
    pulse(4);
    assertThat(pic.interruptPending()).isFalse();
    pulse(1);
    assertThat(pic.acknowledge()).isEqualTo(0x31);
    assertThat(inService(MASTER)).isEqualTo(0x12);

    out(MASTER, 0x20);
    assertThat(inService(MASTER)).isEqualTo(0x10);
  }

  @Test
  void nonSpecificEndWithNothingInService_doesNothing() {
    out(MASTER, 0x20);
    out(MASTER, 0xA0);
    pulse(0);
    pulse(7);

    assertThat(pic.acknowledge()).isEqualTo(0x30);
  }

  @Test
  void setsPriority() {
    out(MASTER, 0xC0 | 4);
    pulse(3);
    pulse(5);

    assertThat(acknowledgeAndEndAll(2)).containsExactly(0x35, 0x33);
  }

  @Test
  void rotatesOnNonSpecificEnd() {
    pulse(3);
    pic.acknowledge();
    out(MASTER, 0xA0);

    pulse(3);
    pulse(4);
    pulse(1);

    assertThat(acknowledgeAndEndAll(3)).containsExactly(0x34, 0x31, 0x33);
  }

  @Test
  void rotatesOnSpecificEnd() {
    pulse(3);
    pic.acknowledge();
    out(MASTER, 0xE0 | 3);

    assertThat(inService(MASTER)).isZero();
    pulse(3);
    pulse(4);
    assertThat(acknowledgeAndEndAll(2)).containsExactly(0x34, 0x33);
  }

  @Test
  void command2OfOcw2_doesNothing() {
    pulse(3);
    pic.acknowledge();
    out(MASTER, 0x40 | 3);

    assertThat(inService(MASTER)).isEqualTo(0x08);
  }

  @Test
  void automaticEndLeavesNothingInService() {
    initialize(0x11, 0x03, 0x03);
    pulse(12);
    assertThat(pic.acknowledge()).isEqualTo(0x3C);
    assertThat(inService(MASTER)).isZero();
    assertThat(inService(SLAVE)).isZero();

    pulse(5);
    pulse(1);
    assertThat(pic.acknowledge()).isEqualTo(0x31);
    assertThat(pic.acknowledge()).isEqualTo(0x35);
  }

  @Test
  void automaticEndRotates_onlyWhileAskedTo() {
    initialize(0x11, 0x03, 0x01);
    out(MASTER, 0x80);
    pulse(1);
    pic.acknowledge();
    pulse(1);
    pulse(6);
    assertThat(pic.acknowledge()).isEqualTo(0x36);

    out(MASTER, 0x00);
    pulse(0);
    assertThat(pic.acknowledge()).isEqualTo(0x30);
    pulse(0);
    assertThat(pic.acknowledge()).isEqualTo(0x30);
  }

  @Test
  void specialMaskModeLetsLowerPrioritiesThrough() {
    pulse(2 + 1);
    pic.acknowledge();
    pulse(5);
    out(MASTER_DATA, 0x08);
    assertThat(pic.interruptPending()).isFalse();

    out(MASTER, 0x68);
    assertThat(pic.interruptPending()).isTrue();
    assertThat(pic.acknowledge()).isEqualTo(0x35);

    // The non-specific end passes over the masked input 3 and ends 5.
    out(MASTER, 0x20);
    assertThat(inService(MASTER)).isEqualTo(0x08);

    out(MASTER, 0x48);
    pulse(5);
    assertThat(pic.interruptPending()).isFalse();
  }

  @Test
  void ocw3WithoutItsEnableBitsChangesNeitherSelectionNorMaskMode() {
    out(MASTER, 0x0B);
    out(MASTER, 0x68);
    pulse(1);
    pic.acknowledge();

    out(MASTER, 0x28);
    out(MASTER, 0x09);

    assertThat(in(MASTER)).isEqualTo(0x02);
    PicState.Chip state = pic.save().master();
    assertThat(state.specialMask()).isTrue();
    assertThat(state.readInService()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(ints = {MASTER, MASTER_DATA})
  void pollAcknowledges_whicheverPortIsRead(int port) {
    pulse(6);
    pulse(3);

    out(MASTER, 0x0C);
    assertThat(in(port)).isEqualTo(0x83);
    assertThat(inService(MASTER)).isEqualTo(0x08);
    assertThat(requests(MASTER)).isEqualTo(0x40);

    // 6 waits behind 3, which is in service now; the poll lasts for one read only.
    out(MASTER, 0x0C);
    assertThat(in(port)).isEqualTo(0x07);
    assertThat(in(MASTER_DATA)).isZero();
  }

  @Test
  void pollOfTheSlave_withdrawsItsRequestFromTheMaster() {
    pulse(9);
    out(SLAVE, 0x0C);
    assertThat(in(SLAVE)).isEqualTo(0x81);

    assertThat(pic.interruptPending()).isFalse();
    assertThat(requests(MASTER)).isZero();
    assertThat(inService(SLAVE)).isEqualTo(0x02);
  }

  @Test
  void pollOfTheSlave_leavesTheRequestOfABetterInput() {
    pulse(9);
    out(SLAVE, 0x0C);
    in(SLAVE);
    pulse(8);

    assertThat(pic.acknowledge()).isEqualTo(0x38);
  }

  @Test
  void givesTheSpuriousVectorOfTheSlave_whenItsRequestHasGone() {
    pic.out(0x4D1, 1, 0x02);
    pic.setLine(9, true);
    pic.setLine(9, false);

    assertThat(pic.interruptPending()).isTrue();
    assertThat(pic.acknowledge()).isEqualTo(0x3F);
    assertThat(inService(SLAVE)).isZero();
    assertThat(inService(MASTER)).isEqualTo(0x04);
  }

  @Test
  void slaveBlocksItselfWhileInService_unlessSpeciallyFullyNested() {
    pulse(12);
    pic.acknowledge();
    pulse(9);
    assertThat(pic.interruptPending()).isFalse();

    initialize(0x11, 0x11, 0x01);
    pulse(12);
    assertThat(pic.acknowledge()).isEqualTo(0x3C);
    pulse(14);
    assertThat(pic.interruptPending()).isFalse();
    pulse(9);
    assertThat(pic.acknowledge()).isEqualTo(0x39);
  }

  @Test
  void slaveAsksAgain_whenMoreIsPendingAfterTheFirstEnds() {
    pulse(9);
    pulse(10);
    assertThat(pic.acknowledge()).isEqualTo(0x39);
    assertThat(pic.interruptPending()).isFalse();
    out(SLAVE, 0x20);
    assertThat(pic.interruptPending()).isFalse();
    out(MASTER, 0x20);

    assertThat(pic.acknowledge()).isEqualTo(0x3A);
  }

  @Test
  void maskOnTheMasterHoldsTheSlaveBack() {
    out(MASTER_DATA, 0x04);
    pulse(9);
    assertThat(pic.interruptPending()).isFalse();

    out(MASTER_DATA, 0x00);
    assertThat(pic.acknowledge()).isEqualTo(0x39);
  }

  @Test
  void initializationClearsEdgesServiceMaskAndModes_butKeepsLevels() {
    pic.out(0x4D0, 1, 0x20);
    pic.setLine(5, true);
    pulse(6);
    pulse(1);
    pic.acknowledge();
    out(MASTER_DATA, 0x40);
    out(MASTER, 0xC3);
    out(MASTER, 0x68 | 0x03);

    out(MASTER, 0x11);

    PicState.Chip state = pic.save().master();
    assertThat(state.requests()).isEqualTo(0x20);
    assertThat(state.inService()).isZero();
    assertThat(state.mask()).isZero();
    assertThat(state.lastLevels()).isZero();
    assertThat(state.highestInput()).isZero();
    assertThat(state.specialMask()).isFalse();
    assertThat(state.readInService()).isFalse();
    assertThat(state.initStep()).isEqualTo(1);
    assertThat(state.levelTriggered()).isEqualTo(0x20);
  }

  @Test
  void initializationWithoutIcw4_endsAfterIcw3AndClearsItsModes() {
    initialize(0x11, 0x13, 0x01);
    assertThat(pic.save().master().autoEoi()).isTrue();
    assertThat(pic.save().master().specialFullyNested()).isTrue();

    out(MASTER, 0x10);
    out(MASTER_DATA, 0x57);
    out(MASTER_DATA, 0x04);
    out(MASTER_DATA, 0xFE);

    PicState.Chip state = pic.save().master();
    assertThat(state.vectorBase()).isEqualTo(0x50);
    assertThat(state.mask()).isEqualTo(0xFE);
    assertThat(state.autoEoi()).isFalse();
    assertThat(state.specialFullyNested()).isFalse();
  }

  @Test
  void initializationForgetsEdgeMemory_soARepeatedLevelIsANewEdge() {
    pic.setLine(4, true);
    initialize(0x11, 0x01, 0x01);
    assertThat(pic.interruptPending()).isFalse();

    pic.setLine(4, true);
    assertThat(pic.interruptPending()).isTrue();
  }

  @Test
  void slaveAsksAgainAtOnce_whenMoreIsPendingAfterAnAutomaticEnd() {
    initialize(0x11, 0x03, 0x03);
    pulse(9);
    pulse(10);

    assertThat(pic.acknowledge()).isEqualTo(0x39);
    assertThat(pic.interruptPending()).isTrue();
    assertThat(pic.acknowledge()).isEqualTo(0x3A);
    assertThat(pic.interruptPending()).isFalse();
  }

  @Test
  void restoresEveryField() {
    PicState.Chip first =
        new PicState.Chip(1, 2, 3, 4, 0x48, 5, 2, true, true, true, true, true, true, true, 0x88);
    PicState.Chip second =
        new PicState.Chip(6, 7, 8, 9, 0x50, 6, 3, true, true, true, true, true, true, true, 0x42);
    PicState state = new PicState(first, second);

    pic.restore(state);

    assertThat(pic.save()).isEqualTo(state);
  }

  @Test
  void refusesLinesPortsSizesAndStatesThatDoNotExist() {
    assertThatThrownBy(() -> pic.setLine(2, true))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("irq=2");
    assertThatThrownBy(() -> pic.setLine(16, true)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> pic.setLine(-1, true)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> pic.in(0x22, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("port=0x22");
    assertThatThrownBy(() -> pic.out(MASTER, 2, 0)).isInstanceOf(IllegalArgumentException.class);
    PicState state = pic.save();
    assertThatThrownBy(() -> new PicState(withElcr(state.master(), 0x01), state.slave()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("master.levelTriggered=0x1");
    assertThatThrownBy(() -> new PicState(state.master(), withElcr(state.slave(), 0x20)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("slave.levelTriggered=0x20");
  }

  private static PicState.Chip withElcr(PicState.Chip chip, int levelTriggered) {
    return new PicState.Chip(
        chip.requests(),
        chip.inService(),
        chip.mask(),
        chip.lastLevels(),
        chip.vectorBase(),
        chip.highestInput(),
        chip.initStep(),
        chip.icw4Expected(),
        chip.readInService(),
        chip.pollNext(),
        chip.specialMask(),
        chip.autoEoi(),
        chip.rotateOnAutoEoi(),
        chip.specialFullyNested(),
        levelTriggered);
  }

  /** Acknowledges {@code count} interrupts, ending each with specific EOIs before the next. */
  private int[] acknowledgeAndEndAll(int count) {
    int[] vectors = new int[count];
    for (int i = 0; i < count; i++) {
      assertThat(pic.interruptPending()).isTrue();
      vectors[i] = pic.acknowledge();
      int irq = vectors[i] - MASTER_BASE;
      if (irq >= 8) {
        out(SLAVE, 0x60 | (irq - 8));
        out(MASTER, 0x62);
      } else {
        out(MASTER, 0x60 | irq);
      }
    }
    assertThat(pic.interruptPending()).isFalse();
    return vectors;
  }

  private void pulse(int irq) {
    pic.setLine(irq, true);
    pic.setLine(irq, false);
  }

  private int requests(int commandPort) {
    out(commandPort, 0x0A);
    return in(commandPort);
  }

  private int inService(int commandPort) {
    out(commandPort, 0x0B);
    return in(commandPort);
  }

  private int in(int port) {
    return pic.in(port, 1);
  }

  private void out(int port, int value) {
    pic.out(port, 1, value);
  }
}
