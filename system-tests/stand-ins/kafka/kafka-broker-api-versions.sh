#!/usr/bin/env bash
exec java -Xmx64m -XX:TieredStopAtLevel=1 -Dlogback.configurationFile=/etc/kafka/docker/logback.xml \
  -Dunderstudy.level=ERROR -cp "/opt/kafka/libs/*:/opt/understudy/lib/*" \
  org.apache.kafka.tools.BrokerApiVersionsCommand "$@"
