package io.understudy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.understudy.log.AccessRole;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import picocli.CommandLine;

class AclsCommandTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... arguments) {
    CommandLine command = Main.commandLine();
    command.setOut(new PrintWriter(out));
    command.setErr(new PrintWriter(err));
    return command.execute(arguments);
  }

  @Test
  void commandsNameWhatAStandbyNeeds() {
    int code =
        run(
            "acls",
            "--principal",
            "User:CN=node b,O=x",
            "--role",
            "standby",
            "--vm",
            "web",
            "--bootstrap-server",
            "k1:9092");

    assertThat(code).isZero();
    assertThat(out.toString().lines())
        .contains(
            "kafka-acls.sh --bootstrap-server k1:9092 --add --allow-principal 'User:CN=node b,O=x'"
                + " --operation Write --transactional-id understudy.web"
                + "  # fence the log and write it in transactions",
            "kafka-acls.sh --bootstrap-server k1:9092 --add --allow-principal 'User:CN=node b,O=x'"
                + " --operation DescribeConfigs --topic understudy.web."
                + " --resource-pattern-type prefixed"
                + "  # refuse topics that would lose events")
        .allMatch(line -> line.startsWith("kafka-acls.sh "));
  }

  @ParameterizedTest
  @EnumSource(AccessRole.class)
  void jsonAndCommandsAreTheSameRules(AccessRole role) throws Exception {
    assertThat(run("acls", "--principal", "User:a", "--role", role.name())).isZero();
    long commands = out.toString().lines().count();
    out.getBuffer().setLength(0);
    assertThat(run("acls", "--principal", "User:a", "--role", role.name(), "--json")).isZero();

    JsonNode json = new ObjectMapper().readTree(out.toString());
    assertThat(json.get("acls")).hasSize((int) commands);
    assertThat(json.get("acls")).allMatch(acl -> !acl.get("why").asText().isBlank());
    assertThat(json.get("vm").isNull()).isTrue();
  }

  @Test
  void nodesMayShortenTheirLog_onlyIfAsked() {
    String[] node = {"acls", "--principal", "User:a", "--role", "standby", "--vm", "web"};
    String rule = "--operation Delete --topic understudy.web.events.v1";
    assertThat(run(node)).isZero();
    assertThat(out.toString()).doesNotContain(rule);
    assertThat(run("acls", "--principal", "a:b", "--role", "standby", "--vm", "web", "--retain"))
        .isZero();
    assertThat(out.toString()).contains(rule);
    assertThat(run("acls", "--principal", "a:b", "--role", "auditor", "--vm", "web", "--retain"))
        .isEqualTo(2);
    assertThat(run("acls", "--principal", "a:b", "--role", "standby", "--retain")).isEqualTo(2);
    assertThat(err.toString()).contains("--retain is for nodes of one VM");
  }

  @Test
  void auditorWritesNothing() {
    run("acls", "--principal", "User:a", "--role", "auditor");

    assertThat(out.toString().lines()).allMatch(line -> line.contains("--operation Read "));
  }

  @Test
  void principalThatWouldBreakOutOfItsQuotesIsRefused() {
    assertThat(run("acls", "--principal", "User:a'; rm -rf /", "--role", "auditor")).isEqualTo(2);
    assertThat(run("acls", "--principal", "a", "--role", "auditor")).isEqualTo(2);
    assertThat(err.toString()).contains("--principal must be a type and a name");
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void vmWhosePrefixCoversASharedTopicIsRefused() {
    assertThat(run("acls", "--principal", "User:a", "--role", "primary", "--vm", "vms"))
        .isEqualTo(2);
    assertThat(err.toString()).contains("vm=vms", "understudy.vms.v1");
  }
}
