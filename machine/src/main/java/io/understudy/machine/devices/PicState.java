package io.understudy.machine.devices;

import java.util.Objects;

/**
 * Saved state of a {@link Pic}.
 *
 * @param master the controller of IRQ 0 to 7
 * @param slave the controller of IRQ 8 to 15
 */
public record PicState(Chip master, Chip slave) {

  /** Refuses level triggering on inputs that the hardware keeps edge triggered. */
  public PicState {
    Objects.requireNonNull(master, "master");
    Objects.requireNonNull(slave, "slave");
    Checks.bits("master.levelTriggered", master.levelTriggered(), PicChip.MASTER_LEVEL_MASK);
    Checks.bits("slave.levelTriggered", slave.levelTriggered(), PicChip.SLAVE_LEVEL_MASK);
  }

  /**
   * One 8259A. Registers are 8-bit sets with bit <i>n</i> for input <i>n</i>.
   *
   * @param requests interrupt request register (IRR)
   * @param inService in-service register (ISR)
   * @param mask interrupt mask register (IMR)
   * @param lastLevels level of each input when it was last driven: the memory of the edge detector
   * @param vectorBase interrupt vector of input 0, a multiple of 8
   * @param highestInput input with the highest priority, 0 to 7; the others follow upwards, modulo
   *     8
   * @param initStep initialization word expected next at the data port: 0 none, else 1 to 3 for
   *     ICW2 to ICW4
   * @param icw4Expected whether ICW1 has announced an ICW4
   * @param readInService whether the command port reads ISR instead of IRR
   * @param pollNext whether the next read is a poll
   * @param specialMask special mask mode
   * @param autoEoi automatic end of interrupt
   * @param rotateOnAutoEoi whether automatic end of interrupt rotates priorities
   * @param specialFullyNested special fully nested mode
   * @param levelTriggered edge/level control register (ELCR)
   */
  public record Chip(
      int requests,
      int inService,
      int mask,
      int lastLevels,
      int vectorBase,
      int highestInput,
      int initStep,
      boolean icw4Expected,
      boolean readInService,
      boolean pollNext,
      boolean specialMask,
      boolean autoEoi,
      boolean rotateOnAutoEoi,
      boolean specialFullyNested,
      int levelTriggered) {

    /** Refuses values a chip cannot hold. */
    public Chip {
      Checks.register("requests", requests);
      Checks.register("inService", inService);
      Checks.register("mask", mask);
      Checks.register("lastLevels", lastLevels);
      Checks.bits("vectorBase", vectorBase, 0xF8);
      Checks.inRange("highestInput", highestInput, 0, 7);
      Checks.inRange("initStep", initStep, 0, 3);
      Checks.register("levelTriggered", levelTriggered);
    }
  }
}
