package io.understudy.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.understudy.log.AccessRole;
import io.understudy.log.AccessRules;
import io.understudy.schemas.VmId;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourceType;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Prints the permissions that a role needs; contacts nobody. */
@Command(
    name = "acls",
    description = {
      "Print the fewest Kafka ACLs with which a role can do its work, as commands or as JSON.",
      "Nothing is contacted and nothing is changed: run the commands yourself."
    })
final class AclsCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--principal",
      required = true,
      paramLabel = "TYPE:NAME",
      description = "Whom to allow it, as the cluster's authorizer names it: User:node-a.")
  private String principal;

  @Option(
      names = "--role",
      required = true,
      paramLabel = "ROLE",
      description = "What the principal is for: ${COMPLETION-CANDIDATES}.")
  private AccessRole role;

  @Option(
      names = "--vm",
      paramLabel = "ID",
      description = "For one virtual machine; for all when not given.",
      converter = Converters.ToVmId.class)
  private VmId vm;

  @Option(
      names = "--retain",
      description =
          "Let a node shorten the log of its VM, as its own --retain says. For roles primary and"
              + " standby of one VM.")
  private boolean retain;

  @Option(
      names = "--bootstrap-server",
      defaultValue = "HOST:PORT",
      paramLabel = "HOST:PORT",
      description = "Put into the commands.")
  private String bootstrapServer;

  @Option(names = "--json", description = "Write JSON.")
  private boolean json;

  @Override
  public Integer call() {
    if (!principal.matches("[A-Za-z]+:[^'\\p{Cntrl}]+")) {
      throw new ParameterException(
          spec.commandLine(),
          "--principal must be a type and a name, as in User:node-a, is '" + principal + "'");
    }
    boolean isNode = role == AccessRole.PRIMARY || role == AccessRole.STANDBY;
    if (retain && (vm == null || !isNode)) {
      throw new ParameterException(
          spec.commandLine(),
          "--retain is for nodes of one VM: give --role primary or standby, and --vm");
    }
    List<AccessRules.Rule> rules = new ArrayList<>(AccessRules.of(role, Optional.ofNullable(vm)));
    if (retain) {
      rules.addAll(AccessRules.retention(vm));
    }
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(Json.pretty(json(rules)));
    } else {
      rules.forEach(rule -> out.println(command(rule)));
    }
    out.flush();
    return ExitCode.OK.code();
  }

  private ObjectNode json(List<AccessRules.Rule> rules) {
    ObjectNode root =
        Json.object()
            .put("principal", principal)
            .put("role", role.name().toLowerCase(Locale.ROOT))
            .put("vm", vm == null ? null : vm.text());
    ArrayNode acls = root.putArray("acls");
    for (AccessRules.Rule rule : rules) {
      acls.addObject()
          .put("resourceType", rule.type().name())
          .put("resourceName", rule.name())
          .put("patternType", rule.pattern().name())
          .put("operation", rule.operation().name())
          .put("permissionType", "ALLOW")
          .put("host", "*")
          .put("why", rule.why());
    }
    return root;
  }

  /** Quoted for a shell: a principal's name may hold anything but a quote. */
  private String command(AccessRules.Rule rule) {
    String option = rule.type() == ResourceType.TOPIC ? "--topic" : "--transactional-id";
    String pattern =
        rule.pattern() == PatternType.PREFIXED ? " --resource-pattern-type prefixed" : "";
    return "kafka-acls.sh --bootstrap-server "
        + bootstrapServer
        + " --add --allow-principal '"
        + principal
        + "' --operation "
        + name(rule)
        + " "
        + option
        + " "
        + rule.name()
        + pattern
        + "  # "
        + rule.why();
  }

  /** As kafka-acls.sh spells it: {@code DescribeConfigs}. */
  private static String name(AccessRules.Rule rule) {
    StringBuilder name = new StringBuilder();
    for (String word : rule.operation().name().split("_", -1)) {
      name.append(word.charAt(0)).append(word.substring(1).toLowerCase(Locale.ROOT));
    }
    return name.toString();
  }
}
