package io.understudy.benchmarks.micro;

import io.understudy.machine.Landmark;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Question: what does the landmark of a position with events cost: the pending access completed by
 * another entry into KVM, the registers read, a hash of them? Unit: microseconds. The clock is read
 * around each call, which adds some 0.05 microseconds.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class LandmarkBenchmark {
  private RunningMachine running;

  /** Powers the machine on. */
  @Setup
  public void start() {
    running = RunningMachine.start(0);
  }

  /** A landmark is taken once for each position. */
  @Setup(Level.Invocation)
  public void toNextPosition() {
    running.toNextExit();
  }

  /** Ends the machine. */
  @TearDown
  public void stop() {
    running.close();
  }

  /** The first look at a position. */
  @Benchmark
  public Landmark landmark() {
    return running.machine().landmark();
  }
}
