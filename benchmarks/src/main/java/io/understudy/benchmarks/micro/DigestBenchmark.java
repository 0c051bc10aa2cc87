package io.understudy.benchmarks.micro;

import io.understudy.machine.StateDigest;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Question: what does the digest at the end of an epoch cost, and how much of it is paid for each
 * page that the guest has changed since the last? Unit: microseconds for the whole digest of a
 * machine with 32 MiB; the price of a page is the difference between two rows over the difference
 * of their pages. Pages that were just changed are in the processor's cache, as they are in an
 * epoch.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class DigestBenchmark {
  /** Pages that the guest changes between two digests. */
  @Param({"0", "16", "256"})
  public int pages;

  private RunningMachine running;

  /** Powers the machine on. */
  @Setup
  public void start() {
    running = RunningMachine.start(pages);
  }

  /** The guest changes its pages. */
  @Setup(Level.Invocation)
  public void changePages() {
    running.toNextExit();
  }

  /** Ends the machine. */
  @TearDown
  public void stop() {
    running.close();
  }

  /** Registers, devices and memory. */
  @Benchmark
  public StateDigest digest() {
    return running.machine().digest();
  }
}
