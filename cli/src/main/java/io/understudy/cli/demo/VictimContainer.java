package io.understudy.cli.demo;

import java.util.function.Consumer;

/**
 * A container that is killed and, when this is closed or the JVM ends, started again: while it is
 * down the VM has no standby. Thread-safe, because the JVM may end at any moment.
 */
final class VictimContainer implements AutoCloseable {
  private final ContainerEngine engine;
  private final String id;
  private final Consumer<String> people;
  private final Thread atExit = new Thread(this::startAgain, "start-killed-container");
  private boolean isDown;

  /**
   * A container that runs.
   *
   * @param people is told what to do when it cannot be started again
   */
  VictimContainer(ContainerEngine engine, String id, Consumer<String> people) {
    this.engine = engine;
    this.id = id;
    this.people = people;
  }

  /** The engine's name of it. */
  String id() {
    return id;
  }

  /**
   * Kills it; returns when it is dead.
   *
   * @throws DemoException if the engine does not do so; the container may be dead nevertheless
   */
  synchronized void kill() {
    Runtime.getRuntime().addShutdownHook(atExit);
    isDown = true;
    engine.kill(id);
  }

  /**
   * Starts it again if it was to be killed.
   *
   * @throws DemoException if the engine does not do so
   */
  @Override
  public void close() {
    startAgain();
    try {
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (IllegalStateException e) {
      // The JVM is ending; the hook has nothing left to do.
      return;
    }
  }

  private synchronized void startAgain() {
    if (!isDown) {
      return;
    }
    try {
      engine.start(id);
      isDown = false;
    } catch (DemoException e) {
      // What failed before, if anything, is told in this exception's place.
      people.accept("the killed container was not started again: docker start " + id);
      throw e;
    }
  }
}
