package io.understudy.benchmarks.micro;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Question: how long does one device access of the guest take, out of KVM, through the device in
 * Java, and back in? Unit: microseconds. The guest executes two instructions between two exits;
 * where KVM emulates the guest's kernel code they are part of the figure.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class ExitBenchmark {
  private RunningMachine running;

  /** Powers the machine on. */
  @Setup
  public void start() {
    running = RunningMachine.start(0);
  }

  /** Ends the machine. */
  @TearDown
  public void stop() {
    running.close();
  }

  /** From one exit to the next. */
  @Benchmark
  public void exitRoundTrip() {
    running.toNextExit();
  }
}
