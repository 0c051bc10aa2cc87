/** Tests that need a container engine: the log on Kafka in a container, and the compose file. */
package io.understudy.containertests;
