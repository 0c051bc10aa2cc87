package io.understudy.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class WorkDirectoryTest {
  @Test
  void closeDeletesAllThatIsInIt_andMayComeTwice() throws Exception {
    WorkDirectory directory = WorkDirectory.create();
    Path path = directory.path();
    Files.createDirectories(path.resolve("state/ledger-1"));
    Files.writeString(path.resolve("state/ledger-1/file"), "content");
    directory.close();
    assertThat(path).doesNotExist();
    directory.close();
  }
}
