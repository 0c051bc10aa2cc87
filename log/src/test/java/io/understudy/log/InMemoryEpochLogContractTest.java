package io.understudy.log;

import java.util.UUID;

class InMemoryEpochLogContractTest extends EpochLogContractTest {
  private InMemoryEpochLog log;

  @Override
  void create(int partitions) {
    log = new InMemoryEpochLog(vm, partitions);
  }

  @Override
  FencedWriter fence() {
    return log.fence();
  }

  @Override
  EpochSource source(UUID ofRun, LogPosition start) {
    return log.source(ofRun, start);
  }
}
