/**
 * The command {@code understudy}: one class for each verb, nothing but wiring.
 *
 * <p>People's text goes to stderr, data to stdout. Failures become one line and an {@link
 * io.understudy.cli.ExitCode}. Only this package reads the environment of the process.
 */
package io.understudy.cli;
