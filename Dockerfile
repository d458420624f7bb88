# SPDX-License-Identifier: GPL-3.0-or-later
# Two images of one file, k8s/README.md says how to build them:
#   carillon  the server and its page; the default
#   prosody   the XMPP server beside it, from Debian
# Both run as user 65532, need no capability and write nothing to their root.
ARG BASE=debian:12-slim

FROM ${BASE} AS build
WORKDIR /carillon
# The lists of packages first: a change of sources installs nothing anew.
COPY tools/lib tools/lib
RUN ["/bin/bash", "tools/lib/image_build.sh", "packages"]
COPY . .
RUN ["/bin/bash", "tools/lib/image_build.sh", "programs"]

FROM ${BASE} AS prosody
LABEL org.opencontainers.image.title="carillon-prosody" \
      org.opencontainers.image.description="Prosody as it runs beside Carillon" \
      org.opencontainers.image.licenses="MIT"
RUN apt-get update && \
    apt-get install -y --no-install-recommends prosody && \
    rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb && \
    chown 65532:65532 /var/lib/prosody
# To be mounted; engines give a new volume this folder's owner.
VOLUME /var/lib/prosody
USER 65532:65532
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/bin/prosody", "-F"]
CMD ["--config", "/etc/carillon/prosody.cfg.lua"]

FROM ${BASE} AS carillon
LABEL org.opencontainers.image.title="carillon" \
      org.opencontainers.image.description="A conference server for XMPP" \
      org.opencontainers.image.licenses="GPL-3.0-or-later"
RUN apt-get update && \
    apt-get install -y --no-install-recommends \
      libabsl20220623 libgloox18 libprometheus-cpp-core1.0 libspdlog1.10 \
      libssl3 libstdc++6 && \
    rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb
COPY --from=build /carillon/build/release/sfu/carillon /usr/bin/carillon
COPY --from=build /carillon/tools/room/dist /usr/share/carillon/page
COPY LICENSE /usr/share/doc/carillon/copyright
USER 65532:65532
# The page, administration, and media of the first two workers.
EXPOSE 8080/tcp 8081/tcp 10000/udp 10001/udp
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/bin/carillon"]
CMD ["--flagfile=/etc/carillon/carillon.flags"]
