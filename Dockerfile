# One image for all roles: the release on a slim Java runtime. See docs/operations.md, "Containers".
#
#   docker build -t understudy:0.1.0-SNAPSHOT .
#
# Of a release that is there already, unpacked in DIR, without compiling it again:
#   docker build --build-context release=DIR -t understudy:0.1.0-SNAPSHOT .
# Without a way to Maven Central, from a repository that has what the build needs:
#   docker build --build-context maven-repository="$HOME/.m2/repository" \
#     --build-arg MAVEN_OPTIONS="-o -Dmaven.repo.local=/maven-repository" -t understudy:0.1.0-SNAPSHOT .
# To hand out, also say where it comes from:
#   --build-arg SOURCE=URL --build-arg REVISION="$(git rev-parse HEAD)" --build-arg CREATED="$(date -u +%FT%TZ)"

# With glibc, which the native parts of RocksDB and JNA need.
ARG BASE=debian:bookworm-slim

FROM ${BASE} AS java
RUN apt-get update \
 && apt-get install -y --no-install-recommends openjdk-17-jdk-headless zip \
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

# What the image has beside its base, each file with the time that SOURCE_DATE_EPOCH says.
FROM java AS files
ARG SOURCE_DATE_EPOCH=1767225600
COPY --from=release / /files/opt/understudy
COPY --chmod=0755 containers/healthcheck /files/opt/understudy/healthcheck
# RocksDB's jar has the library of 14 platforms, and 13 of them are most of the release.
RUN zip -q -d /files/opt/understudy/lib/rocksdbjni-*.jar '*.dll' '*.jnilib' 'librocksdbjni-*' -x librocksdbjni-linux64.so \
 && mv /opt/java /files/opt/java \
 && install -d -m 0700 -o 10001 -g 10001 /files/var/lib/understudy \
 && find /files -exec touch -h -d "@${SOURCE_DATE_EPOCH}" {} +

FROM ${BASE}
ARG SOURCE_DATE_EPOCH=1767225600
# The group of /dev/kvm is the host's: it is given with --group-add. useradd takes its date from
# SOURCE_DATE_EPOCH.
RUN export SOURCE_DATE_EPOCH \
 && groupadd --gid 10001 understudy \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/understudy \
      --shell /usr/sbin/nologin understudy \
 && touch -c -d "@${SOURCE_DATE_EPOCH}" /etc/.pwd.lock /etc/passwd* /etc/shadow* /etc/group* /etc/gshadow* \
      /etc/subuid* /etc/subgid* /var/log/* /etc /var/log
COPY --from=files /files /
ENV JAVA_HOME=/opt/java UNDERSTUDY_HTTP_PORT=9100
USER 10001:10001
WORKDIR /var/lib/understudy
# A role that is started with --http 0.0.0.0:9100 is healthy as long as it answers.
EXPOSE 9100
# On a host that is overcommitted it may take seconds to start the check.
HEALTHCHECK --interval=5s --timeout=10s --start-period=60s --retries=6 \
  CMD ["/opt/understudy/healthcheck"]
ENTRYPOINT ["/opt/understudy/understudy"]
CMD ["--help"]
# Last, so that another revision does not build the above anew.
ARG VERSION=0.1.0-SNAPSHOT
ARG SOURCE=""
ARG REVISION=""
ARG CREATED=""
LABEL org.opencontainers.image.title="Understudy" \
      org.opencontainers.image.description="Fault tolerance for virtual machines by log and replay, with Kafka as the log" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"
