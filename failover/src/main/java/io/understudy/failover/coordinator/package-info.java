/**
 * The coordinator: watches the nodes of every virtual machine, judges which leaders are dead and
 * orders standbys to take over; and the status that people see.
 *
 * <p>Everything here is advice. Who may write a run's log is decided by the fence in the log alone
 * ({@code initTransactions} under the VM's one transactional id), so a wrong verdict, a repeated
 * order or two coordinators at once cost a pause, never a byte. That is why coordinators keep no
 * state of their own and can be replaced at any moment.
 *
 * <p>Threads: one thread owns a {@link io.understudy.failover.coordinator.Coordinator} and all it
 * is made of. Time is passed in as nanoseconds of that thread's monotonic clock; the judging
 * classes see no clock.
 */
package io.understudy.failover.coordinator;
