package io.understudy.machine.devices;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeSet;

/**
 * A second model of the 8259 pair, written from the data sheet's prose with sets and an explicit
 * order of priorities instead of registers and rotation offsets, to be compared with {@link Pic}.
 */
final class ReferencePic {

  private final Chip master = new Chip(true, List.of(3, 4, 5, 6, 7));
  private final Chip slave = new Chip(false, List.of(1, 2, 3, 4, 6, 7));

  /** One controller; inputs are numbers 0 to 7, registers are sets of them. */
  private static final class Chip {
    final boolean hasSlave;
    final List<Integer> mayBeLevel;
    final NavigableSet<Integer> requested = new TreeSet<>();
    final NavigableSet<Integer> serving = new TreeSet<>();
    final NavigableSet<Integer> masked = new TreeSet<>();
    final NavigableSet<Integer> high = new TreeSet<>();
    final NavigableSet<Integer> level = new TreeSet<>();
    final List<Integer> order = new ArrayList<>(List.of(0, 1, 2, 3, 4, 5, 6, 7));
    final List<String> wordsExpected = new ArrayList<>();
    int base;
    boolean showServing;
    boolean polled;
    boolean specialMask;
    boolean automaticEnd;
    boolean rotateAtAutomaticEnd;
    boolean ignoreSlaveService;

    Chip(boolean hasSlave, List<Integer> mayBeLevel) {
      this.hasSlave = hasSlave;
      this.mayBeLevel = mayBeLevel;
    }

    Optional<Integer> winner() {
      for (int input : order) {
        boolean passesOver =
            (specialMask && masked.contains(input))
                || (ignoreSlaveService && hasSlave && input == 2);
        if (serving.contains(input) && !passesOver) {
          return Optional.empty();
        }
        if (requested.contains(input) && !masked.contains(input)) {
          return Optional.of(input);
        }
      }
      return Optional.empty();
    }

    void serve(int input) {
      if (!level.contains(input)) {
        requested.remove(input);
      }
      if (!automaticEnd) {
        serving.add(input);
      } else if (rotateAtAutomaticEnd) {
        putLast(input);
      }
    }

    void putLast(int input) {
      while (order.get(7) != input) {
        Collections.rotate(order, -1);
      }
    }

    void wire(int input, boolean up) {
      if (up) {
        if (!high.contains(input) || level.contains(input)) {
          requested.add(input);
        }
        high.add(input);
      } else {
        high.remove(input);
        if (level.contains(input)) {
          requested.remove(input);
        }
      }
    }

    int status() {
      return toByte(showServing ? serving : requested);
    }

    int pollAnswer() {
      polled = false;
      Optional<Integer> input = winner();
      input.ifPresent(this::serve);
      return input.map(number -> 0x80 + number).orElse(7);
    }

    void command(int value) {
      boolean[] bit = bits(value);
      if (bit[4]) {
        wordsExpected.clear();
        wordsExpected.addAll(bit[0] ? List.of("ICW2", "ICW3", "ICW4") : List.of("ICW2", "ICW3"));
        requested.retainAll(level);
        serving.clear();
        masked.clear();
        high.clear();
        Collections.sort(order);
        showServing = false;
        polled = false;
        specialMask = false;
        if (!bit[0]) {
          automaticEnd = false;
          ignoreSlaveService = false;
        }
      } else if (bit[3]) {
        polled |= bit[2];
        showServing = bit[1] ? bit[0] : showServing;
        specialMask = bit[6] ? bit[5] : specialMask;
      } else {
        operate(bit[7], bit[6], bit[5], value % 8);
      }
    }

    private void operate(boolean rotate, boolean specific, boolean end, int input) {
      if (!specific && !end) {
        rotateAtAutomaticEnd = rotate;
        return;
      }
      int target = input;
      if (!specific) {
        Optional<Integer> best =
            order.stream()
                .filter(serving::contains)
                .filter(candidate -> !specialMask || !masked.contains(candidate))
                .findFirst();
        if (best.isEmpty()) {
          return;
        }
        target = best.get();
      }
      if (end) {
        serving.remove(target);
      }
      if (rotate) {
        putLast(target);
      }
    }

    void data(int value) {
      String word = wordsExpected.isEmpty() ? "OCW1" : wordsExpected.remove(0);
      switch (word) {
        case "ICW2" -> base = value - value % 8;
        case "ICW3" -> {}
        case "ICW4" -> {
          automaticEnd = bits(value)[1];
          ignoreSlaveService = bits(value)[4];
        }
        default -> fill(masked, value);
      }
    }
  }

  void line(int irq, boolean up) {
    chipOf(irq).wire(irq % 8, up);
    tellMaster();
  }

  private Chip chipOf(int irq) {
    return irq < 8 ? master : slave;
  }

  private void tellMaster() {
    if (slave.winner().isPresent()) {
      master.requested.add(2);
    }
  }

  boolean interruptPending() {
    return master.winner().isPresent();
  }

  int acknowledge() {
    int vector = master.base + 7;
    Optional<Integer> first = master.winner();
    if (first.isPresent()) {
      master.serve(first.get());
      vector = master.base + first.get();
      if (first.get() == 2) {
        Optional<Integer> second = slave.winner();
        second.ifPresent(slave::serve);
        vector = slave.base + second.orElse(7);
      }
    }
    tellMaster();
    return vector;
  }

  int in(int port) {
    Chip chip = port == 0x20 || port == 0x21 || port == 0x4D0 ? master : slave;
    int value;
    if (port >= 0x4D0) {
      value = toByte(chip.level);
    } else if (chip.polled) {
      if (chip == slave) {
        master.requested.remove(2);
      }
      value = chip.pollAnswer();
    } else {
      value = port % 2 == 0 ? chip.status() : toByte(chip.masked);
    }
    tellMaster();
    return value;
  }

  void out(int port, int value) {
    Chip chip = port == 0x20 || port == 0x21 || port == 0x4D0 ? master : slave;
    if (port >= 0x4D0) {
      fill(chip.level, value);
      chip.level.retainAll(chip.mayBeLevel);
    } else if (port % 2 == 0) {
      chip.command(value);
    } else {
      chip.data(value);
    }
    tellMaster();
  }

  private static boolean[] bits(int value) {
    boolean[] bits = new boolean[8];
    for (int i = 0; i < 8; i++) {
      bits[i] = (value >> i) % 2 == 1;
    }
    return bits;
  }

  private static int toByte(NavigableSet<Integer> inputs) {
    return inputs.stream().mapToInt(input -> 1 << input).sum();
  }

  private static void fill(NavigableSet<Integer> inputs, int value) {
    inputs.clear();
    for (int i = 0; i < 8; i++) {
      if (bits(value)[i]) {
        inputs.add(i);
      }
    }
  }
}
