#!/usr/bin/env bash
# shellcheck disable=SC2086
exec java ${KAFKA_HEAP_OPTS:--Xmx256m} -XX:TieredStopAtLevel=1 -Dlogback.configurationFile=/etc/kafka/docker/logback.xml \
  -Dunderstudy.level=ERROR -cp "/opt/kafka/libs/*:/opt/understudy/lib/*" \
  org.apache.kafka.tools.BrokerApiVersionsCommand "$@"
