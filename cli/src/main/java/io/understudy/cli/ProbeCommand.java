package io.understudy.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.understudy.kvm.HostProbe;
import io.understudy.kvm.Kvm;
import io.understudy.kvm.ProbeReport;
import io.understudy.kvm.ProbeResult;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Shows what the KVM of this host really does. */
@Command(
    name = "probe",
    description = "Find out what the KVM of this host really does; 3 when it is not enough.")
final class ProbeCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(names = "--json", description = "Write JSON.")
  private boolean json;

  @Option(
      names = "--device",
      defaultValue = "/dev/kvm",
      paramLabel = "FILE",
      description = "KVM device.")
  private Path device;

  @Override
  public Integer call() {
    ProbeReport report;
    try (Kvm kvm = Kvm.open(device)) {
      report = HostProbe.run(kvm);
    }
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      ObjectNode root = Json.object().put("device", device.toString());
      root.put("usable", report.usable());
      var mechanisms = root.putArray("mechanisms");
      for (ProbeResult result : report.results()) {
        mechanisms
            .addObject()
            .put("mechanism", result.mechanism())
            .put("verdict", result.verdict().name().toLowerCase(Locale.ROOT))
            .put("required", result.isRequired())
            .put("evidence", result.evidence());
      }
      out.println(Json.pretty(root));
    } else {
      out.println(report);
      out.println();
      out.println(
          report.usable()
              ? "this host can run guests: device=" + device
              : "this host cannot run guests: device=" + device + ": see the required lines above");
    }
    out.flush();
    return (report.usable() ? ExitCode.OK : ExitCode.ENVIRONMENT).code();
  }
}
