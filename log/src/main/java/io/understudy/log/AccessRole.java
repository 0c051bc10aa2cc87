package io.understudy.log;

/** What a principal of the cluster is for; see {@link AccessRules}. */
public enum AccessRole {
  /** Starts runs of a VM and leads them; stays out when it loses the log. */
  PRIMARY,
  /** Follows a VM's run and leads it when ordered to. Needs what a leader needs. */
  STANDBY,
  /** Watches VMs, orders promotions, runs fronts. */
  COORDINATOR,
  /** Creates and deletes topics, gives orders, looks at the status. */
  OPERATOR,
  /** Reads, checks and replays logs; can change nothing. */
  AUDITOR
}
