package io.understudy.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.understudy.replay.checkpoint.RocksCheckpointStore;
import io.understudy.replay.checkpoint.StoreReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Looks into the checkpoints of a node. */
@Command(name = "checkpoint", description = "Look into the checkpoints of a node.")
final class CheckpointCommand implements Runnable {
  /** A store lies in the state directory itself or below it, in a directory of its VM and run. */
  private static final int DEPTH = 4;

  /** The file by which RocksDB knows a database. */
  private static final String DATABASE_MARK = "CURRENT";

  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "no action given: inspect");
  }

  @Command(
      name = "inspect",
      description = {
        "Read every checkpoint below a directory and compare all of it with its checksums.",
        "The node must not be running; 6 when anything is damaged."
      })
  int inspect(
      @Option(
              names = "--state",
              required = true,
              paramLabel = "DIR",
              description = "The node's --state directory.")
          Path state,
      @Option(names = "--json", description = "Write JSON.") boolean json)
      throws IOException {
    List<StoreReport> reports = new ArrayList<>();
    for (Path dir : stores(state)) {
      try (RocksCheckpointStore store = RocksCheckpointStore.openExisting(dir)) {
        reports.add(store.verify());
      }
    }
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      ObjectNode root = Json.object();
      ArrayNode stores = root.putArray("stores");
      reports.forEach(report -> fill(stores.addObject(), report));
      out.println(Json.pretty(root));
    } else {
      reports.forEach(report -> out.print(text(report)));
    }
    out.flush();
    boolean sound = reports.stream().allMatch(report -> report.damage().isEmpty());
    return (sound ? ExitCode.OK : ExitCode.LOG).code();
  }

  private List<Path> stores(Path state) throws IOException {
    if (!Files.isDirectory(state)) {
      throw new ParameterException(spec.commandLine(), "no such directory: --state " + state);
    }
    try (Stream<Path> files = Files.find(state, DEPTH, CheckpointCommand::isMark)) {
      List<Path> found = files.map(Path::getParent).sorted().toList();
      if (found.isEmpty()) {
        throw new ParameterException(
            spec.commandLine(), "no checkpoint store in or below: --state " + state);
      }
      return found;
    }
  }

  private static boolean isMark(Path file, java.nio.file.attribute.BasicFileAttributes attributes) {
    return attributes.isRegularFile() && file.endsWith(DATABASE_MARK);
  }

  private static String text(StoreReport report) {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            "store %s%n  vm %s  run %s  layout %d  RocksDB %s%n  %d pages (%d not needed any"
                + " more), %d bytes of content, %d bytes on disk%n",
            report.dir(),
            report.vm(),
            report.run(),
            report.layoutVersion(),
            report.rocksVersion(),
            report.pageVersions(),
            report.unneededVersions(),
            report.pageBytes(),
            report.diskBytes()));
    text.append(
        String.format(
            "  %10s %12s %5s %8s %8s %8s  %s%n",
            "EPOCH", "POSITION", "TERM", "WRITTEN", "PAGES", "MACHINE", "STATE"));
    for (StoreReport.CheckpointReport one : report.checkpoints()) {
      text.append(
          String.format(
              "  %10d %12d %5d %8d %8d %8d  %s%n",
              one.epoch(),
              one.position(),
              one.term(),
              one.pagesWritten(),
              one.pagesPresent(),
              one.machineStateBytes(),
              one.restorable() ? "whole" : "DAMAGED"));
    }
    report.damage().forEach(what -> text.append("  damage: ").append(what).append('\n'));
    return text.toString();
  }

  private static void fill(ObjectNode json, StoreReport report) {
    json.put("dir", report.dir().toString())
        .put("vm", report.vm().text())
        .put("run", report.run().toString())
        .put("layoutVersion", report.layoutVersion())
        .put("rocksVersion", report.rocksVersion())
        .put("pageVersions", report.pageVersions())
        .put("unneededVersions", report.unneededVersions())
        .put("pageBytes", report.pageBytes())
        .put("diskBytes", report.diskBytes());
    ArrayNode checkpoints = json.putArray("checkpoints");
    for (StoreReport.CheckpointReport one : report.checkpoints()) {
      checkpoints
          .addObject()
          .put("epoch", one.epoch())
          .put("position", one.position())
          .put("term", one.term())
          .put("pagesWritten", one.pagesWritten())
          .put("pagesPresent", one.pagesPresent())
          .put("machineStateBytes", one.machineStateBytes())
          .put("restorable", one.restorable());
    }
    ArrayNode damage = json.putArray("damage");
    report.damage().forEach(damage::add);
  }
}
