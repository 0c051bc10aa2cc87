package io.understudy.cli;

import ch.qos.logback.classic.pattern.ClassicConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import io.understudy.failover.node.NodeProcess;

/**
 * Says in a line of the log which VM it is about, where a process has many. The appender writes in
 * the thread that logs, so that thread is asked.
 */
public final class VmOfThread extends ClassicConverter {
  @Override
  public String convert(ILoggingEvent event) {
    String vm = NodeProcess.vmOf(Thread.currentThread());
    return vm.isEmpty() ? "" : " vm=" + vm;
  }
}
