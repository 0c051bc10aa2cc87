/** Hot paths under JMH. Each class says what it asks and what would make its figure meaningless. */
package io.understudy.benchmarks.micro;
