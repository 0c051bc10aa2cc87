package io.understudy.replay.checkpoint;

/** The contract for the store that tests of other classes use. */
final class InMemoryCheckpointStoreContractTest extends CheckpointStoreContract {

  @Override
  CheckpointStore open(int keep) {
    return new InMemoryCheckpointStore(ModelMachine.VM, ModelMachine.RUN, keep);
  }
}
