package io.understudy.systemtests;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a process shows at its HTTP endpoint of the loopback address. */
final class Scrape {
  private static final Pattern SAMPLE = Pattern.compile("([a-z_]+)(?:\\{(.*)\\})? (\\S+)");
  private static final Pattern LABEL = Pattern.compile("([a-z_]+)=\"([^\"]*)\"");
  private static final Duration TIMEOUT = Duration.ofSeconds(5);

  private final int port;

  Scrape(int port) {
    this.port = port;
  }

  int port() {
    return port;
  }

  /** Status of a page; -1 if nobody answers. */
  int status(String path) {
    HttpResponse<String> answer = get(path);
    return answer == null ? -1 : answer.statusCode();
  }

  String body(String path) {
    HttpResponse<String> answer = get(path);
    return answer == null ? "" : answer.body();
  }

  /** The first sample of a meter whose labels fit, NaN if there is none; every line must parse. */
  double value(String meter, Predicate<Map<String, String>> labels) {
    double found = Double.NaN;
    for (String line : body("/metrics").lines().toList()) {
      if (line.startsWith("#")) {
        continue;
      }
      Matcher sample = SAMPLE.matcher(line);
      if (!sample.matches()) {
        throw new IllegalStateException("no sample of Prometheus's text format: " + line);
      }
      if (sample.group(1).equals(meter) && labels.test(labels(sample.group(2)))) {
        found = Double.parseDouble(sample.group(3));
      }
    }
    return found;
  }

  /** Names of the product's own meters, as their types are declared. */
  Set<String> meters() {
    Set<String> names = new TreeSet<>();
    for (String line : body("/metrics").lines().toList()) {
      if (line.startsWith("# TYPE understudy_")) {
        names.add(line.split(" ", -1)[2]);
      }
    }
    return names;
  }

  private static Map<String, String> labels(String text) {
    Map<String, String> labels = new TreeMap<>();
    if (text != null) {
      Matcher label = LABEL.matcher(text);
      while (label.find()) {
        labels.put(label.group(1), label.group(2));
      }
    }
    return labels;
  }

  private HttpResponse<String> get(String path) {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
            .timeout(TIMEOUT)
            .build();
    try {
      return HttpClient.newHttpClient().send(request, BodyHandlers.ofString());
    } catch (IOException nobody) {
      return null;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    }
  }
}
