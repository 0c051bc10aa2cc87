package io.understudy.cli;

import java.util.LinkedHashMap;
import java.util.Map;

/** How a process of this program ends. The numbers are part of its interface and never change. */
public enum ExitCode {
  /** Done, or stopped by a signal in good order. */
  OK(0, "done, or stopped on request"),
  /** Something nobody foresaw. */
  UNEXPECTED(1, "unexpected failure; --debug shows where"),
  /** The command line or an input is wrong. */
  USAGE(2, "wrong usage or bad input"),
  /** This host or its files are not what is needed. */
  ENVIRONMENT(
      3, "environment: no usable /dev/kvm or TAP interface, or a wrong or missing guest image"),
  /** A replica is not what the log says. */
  DIVERGENCE(4, "replay diverged from the log"),
  /** Another node leads. */
  FENCED(5, "fenced: another node leads this VM now"),
  /** The log or a checkpoint is damaged, incomplete or out of reach. */
  LOG(6, "log or checkpoint damaged, incomplete or unreachable"),
  /** A service or a directory is there and cannot be used. */
  REFUSED(7, "Kafka cluster unsupported, or checkpoint store locked or foreign"),
  /** An order was refused, or nothing came of it in time. */
  NOT_DONE(8, "order refused, or without effect in time");

  private final int code;
  private final String meaning;

  ExitCode(int code, String meaning) {
    this.code = code;
    this.meaning = meaning;
  }

  /** The status of the process. */
  public int code() {
    return code;
  }

  /** All codes with their meaning, in order, as the help shows them. */
  static Map<String, String> table() {
    Map<String, String> table = new LinkedHashMap<>();
    for (ExitCode exit : values()) {
      table.put(" " + exit.code, exit.meaning);
    }
    return table;
  }
}
