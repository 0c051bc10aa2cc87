package io.understudy.failover.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.Tags;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HttpEndpointTest {
  private final Monitor monitor = new Monitor();
  private final HttpEndpoint endpoint =
      HttpEndpoint.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), monitor);

  @AfterEach
  void close() {
    endpoint.close();
    monitor.close();
  }

  private HttpResponse<String> ask(String method, String path) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + endpoint.address().getPort() + path))
            .method(method, BodyPublishers.noBody())
            .build();
    return HttpClient.newHttpClient().send(request, BodyHandlers.ofString());
  }

  @Test
  void metricsAreReadWhenAskedFor_andVanishWithTheirSet() throws Exception {
    long[] value = {1};
    MeterSet meters = new MeterSet(monitor, Tags.of("vm", "demo"));
    meters
        .gauge("understudy.test.level", "A level.", () -> value[0])
        .counter("understudy.test.things", "Things.", () -> value[0], "kind", "a")
        .histogram("understudy.test.wait", "Waits.");

    value[0] = 42;
    HttpResponse<String> answer = ask("GET", "/metrics");
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("Content-Type").orElseThrow()).startsWith("text/plain");
    assertThat(answer.body().lines())
        .contains(
            "understudy_test_level{vm=\"demo\"} 42.0",
            "understudy_test_things_total{kind=\"a\",vm=\"demo\"} 42.0",
            "understudy_test_wait_seconds_count{vm=\"demo\"} 0")
        .anyMatch(line -> line.startsWith("jvm_memory_used_bytes{"));

    meters.close();
    assertThat(ask("GET", "/metrics").body()).doesNotContain("understudy_test");
  }

  @Test
  void processIsHealthyAsLongAsItAnswers() throws Exception {
    assertThat(ask("GET", "/healthz").statusCode()).isEqualTo(200);
  }

  @Test
  void processIsReady_whenAllItsPartsAre() throws Exception {
    assertThat(ask("GET", "/readyz").statusCode()).as("nothing there yet").isEqualTo(503);

    monitor.check("vm=a", () -> Readiness.yes("leads"));
    assertThat(ask("GET", "/readyz").statusCode()).isEqualTo(200);

    monitor.check("vm=b", () -> Readiness.no("starting"));
    HttpResponse<String> answer = ask("GET", "/readyz");
    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(answer.body()).isEqualTo("ready: vm=a: leads\nnot ready: vm=b: starting\n");

    monitor.forget("vm=b");
    assertThat(ask("GET", "/readyz").statusCode()).isEqualTo(200);
  }

  @Test
  void nothingElseIsServed_andNothingCanBeWritten() throws Exception {
    assertThat(ask("GET", "/").statusCode()).isEqualTo(404);
    assertThat(ask("GET", "/metricsandmore").statusCode()).isEqualTo(404);
    assertThat(ask("POST", "/metrics").statusCode()).isEqualTo(405);
    assertThat(ask("HEAD", "/healthz").body()).isEmpty();
  }

  @Test
  void failureOfACheckIsNotShown() throws Exception {
    monitor.check(
        "vm=a",
        () -> {
          throw new IllegalStateException("password=hunter2");
        });

    HttpResponse<String> answer = ask("GET", "/readyz");
    assertThat(answer.statusCode()).isEqualTo(500);
    assertThat(answer.body()).doesNotContain("hunter2");
  }

  @Test
  void openRefuses_whenThePortIsTaken() {
    assertThatThrownBy(() -> HttpEndpoint.open(endpoint.address(), monitor))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("cannot listen for HTTP")
        .hasMessageContaining(Integer.toString(endpoint.address().getPort()));
  }
}
