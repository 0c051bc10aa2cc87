# One image for all roles: the release on a slim Java runtime. See docs/operations.md, "Containers".
#
#   docker build -t understudy:0.1.0-SNAPSHOT .
#
# Of a release that is there already, unpacked in DIR, without compiling it again:
#   docker build --build-context release=DIR -t understudy:0.1.0-SNAPSHOT .
# Without a way to Maven Central, from a repository that has what the build needs:
#   docker build --build-context maven-repository="$HOME/.m2/repository" \
#     --build-arg MAVEN_OPTIONS="-o -Dmaven.repo.local=/maven-repository" -t understudy:0.1.0-SNAPSHOT .

# With glibc, which the native parts of RocksDB and JNA need.
ARG BASE=debian:bookworm-slim

FROM ${BASE} AS java
RUN apt-get update \
 && apt-get install -y --no-install-recommends openjdk-17-jdk-headless \
 && rm -rf /var/lib/apt/lists/*
# Some modules are named at run time only, so no tool finds them.
RUN jlink --output /opt/java --strip-java-debug-attributes --no-header-files --no-man-pages \
      --compress=2 --generate-cds-archive --add-modules \
      java.base,java.logging,java.management,java.naming,java.security.jgss,java.security.sasl,java.sql,java.xml,jdk.crypto.ec,jdk.httpserver,jdk.management,jdk.naming.dns,jdk.random,jdk.security.jgss,jdk.unsupported,jdk.zipfs

FROM scratch AS maven-repository

FROM java AS compile
RUN apt-get update \
 && apt-get install -y --no-install-recommends maven \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
ARG MAVEN_OPTIONS=""
# The formatting and the tests are the business of the checkout, not of the image. Guests are taken as
# they are checked in, which is what their sources give.
RUN --mount=type=cache,target=/root/.m2 \
    --mount=type=bind,from=maven-repository,target=/maven-repository,rw \
    mvn -B -q -ntp package -DskipTests -Dspotless.check.skip=true -pl dist -am ${MAVEN_OPTIONS} \
 && mkdir /release \
 && tar -xzf dist/target/understudy-*.tar.gz -C /release --strip-components 1

FROM scratch AS release
COPY --from=compile /release /

FROM ${BASE}
ARG VERSION=0.1.0-SNAPSHOT
LABEL org.opencontainers.image.title="Understudy" \
      org.opencontainers.image.description="Fault tolerance for virtual machines by log and replay, with Kafka as the log" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}"
# The group of /dev/kvm is the host's: it is given with --group-add.
RUN groupadd --gid 10001 understudy \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/understudy \
      --shell /usr/sbin/nologin understudy \
 && install -d -o understudy -g understudy -m 0700 /var/lib/understudy
COPY --from=java /opt/java /opt/java
COPY --from=release / /opt/understudy
COPY containers/healthcheck /opt/understudy/healthcheck
ENV JAVA_HOME=/opt/java UNDERSTUDY_HTTP_PORT=9100
USER understudy
WORKDIR /var/lib/understudy
# A role that is started with --http 0.0.0.0:9100 is healthy as long as it answers.
EXPOSE 9100
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=3 \
  CMD ["/opt/understudy/healthcheck"]
ENTRYPOINT ["/opt/understudy/understudy"]
CMD ["--help"]
