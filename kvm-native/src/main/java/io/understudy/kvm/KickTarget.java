package io.understudy.kvm;

/**
 * Which thread a kick goes to. The purpose of this class is the hand-over between the vCPU's thread
 * and the kickers, hence the lock: no kick may be sent to a thread that has been released.
 *
 * <p>The signal is SIGURG because its default action is to be ignored: should a kick ever reach a
 * thread that is not bound (its owner died without closing the vCPU, and the id was given out
 * again), nothing happens, whereas SIGUSR1 would end the process. A thread that blocks the signal
 * still gets it queued.
 */
final class KickTarget {
  static final int SIGNAL = LibC.SIGURG;

  private static final int NONE = 0;
  private static final long PROCESS_ID = ProcessHandle.current().pid();

  private int threadId = NONE;
  private boolean isKickedBeforeBinding;
  private boolean isClosed;

  synchronized void bind(int newThreadId) {
    threadId = newThreadId;
    if (isKickedBeforeBinding) {
      isKickedBeforeBinding = false;
      send();
    }
  }

  synchronized void kick() {
    if (isClosed) {
      return;
    }
    if (threadId == NONE) {
      isKickedBeforeBinding = true;
    } else {
      send();
    }
  }

  synchronized void close() {
    isClosed = true;
    threadId = NONE;
  }

  private void send() {
    // A thread that has ended in the meantime (ESRCH) cannot be inside KVM_RUN: nothing to stop.
    LibC.syscall(LibC.SYS_TGKILL, PROCESS_ID, threadId, SIGNAL, 0, 0);
  }
}
