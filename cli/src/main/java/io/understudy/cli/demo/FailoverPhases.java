package io.understudy.cli.demo;

import io.understudy.schemas.NodeRole;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How long each phase of one failover took, in milliseconds. Immutable.
 *
 * <p>Moments that pass between processes come from the wall clock in their heartbeats, which is one
 * clock because all run on this host; a node repeats its phase with its next heartbeat, so those
 * are late by up to one interval. Fence, drain and open are measured by the new leader itself.
 *
 * @param detection from the kill until the coordinator was sure and wrote its order
 * @param order from there until the standby began to fence; what is left when all others are known
 * @param fence taking the right to write the log
 * @param drain applying what the log held up to the fence
 * @param open starting the term and the devices
 * @param firstOutput from there until a client got a reply
 * @param total from the kill until a client got a reply
 */
record FailoverPhases(
    Optional<Long> detection,
    Optional<Long> order,
    Optional<Long> fence,
    Optional<Long> drain,
    Optional<Long> open,
    Optional<Long> firstOutput,
    long total) {

  /**
   * Puts the phases together.
   *
   * @param killedMillis wall clock of the kill
   * @param firstReplyMillis wall clock of the first reply to any client after the kill
   * @param promotedLines what the new leader printed
   */
  static FailoverPhases of(
      String vm,
      NodeBeats beats,
      long killedMillis,
      long firstReplyMillis,
      List<String> promotedLines) {
    Optional<Long> orderedAt = beats.firstMillis(vm, NodeRole.COORDINATOR, "ORDERED", killedMillis);
    Optional<Long> liveAt = beats.firstMillis(vm, NodeRole.PRIMARY, "LIVE", killedMillis);
    Optional<Long> fence = promoted("fenceMillis", promotedLines);
    Optional<Long> drain = promoted("drainMillis", promotedLines);
    Optional<Long> open = promoted("openMillis", promotedLines);
    Optional<Long> ordered =
        orderedAt.flatMap(
            from ->
                liveAt.map(
                    live -> live - from - fence.orElse(0L) - drain.orElse(0L) - open.orElse(0L)));
    return new FailoverPhases(
        orderedAt.map(at -> at - killedMillis),
        ordered.map(millis -> Math.max(0, millis)),
        fence,
        drain,
        open,
        liveAt.map(live -> Math.max(0, firstReplyMillis - live)),
        firstReplyMillis - killedMillis);
  }

  /** The phases that are known, by name, in order. */
  Map<String, Long> byName() {
    Map<String, Long> phases = new LinkedHashMap<>();
    detection.ifPresent(millis -> phases.put("detection", millis));
    order.ifPresent(millis -> phases.put("order", millis));
    fence.ifPresent(millis -> phases.put("fence", millis));
    drain.ifPresent(millis -> phases.put("drain", millis));
    open.ifPresent(millis -> phases.put("open", millis));
    firstOutput.ifPresent(millis -> phases.put("firstOutput", millis));
    phases.put("total", total);
    return phases;
  }

  /**
   * A figure of the line that a node logs when it has been promoted. The last: what a container
   * printed in its earlier lives is still there.
   */
  static Optional<Long> promoted(String name, List<String> lines) {
    Pattern figure = Pattern.compile("promoted: .*\\b" + name + "=([0-9]+)");
    return lines.stream()
        .map(figure::matcher)
        .filter(Matcher::find)
        .map(matcher -> Long.parseLong(matcher.group(1)))
        .reduce((earlier, later) -> later);
  }
}
