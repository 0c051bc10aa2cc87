/**
 * A whole cluster of child processes on one host, traffic that remembers every reply, and a checker
 * that says what was lost or done twice: the demo command, and the harness of the system tests.
 *
 * <p>Nothing here is part of a running node. Except where a class says otherwise, objects are owned
 * by the thread that made them.
 */
package io.understudy.cli.demo;
