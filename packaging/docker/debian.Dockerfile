# Programs in C and PHP on Debian, from the Debian packages. The folder also contains them, token.c and
# token.php of docs/install.md.

FROM debian:13-slim AS build
WORKDIR /build
COPY libcaptoken*.deb token.c ./
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev pkg-config \
    ./libcaptoken*_$(dpkg --print-architecture).deb
RUN cc token.c $(pkg-config --cflags --libs captoken) -o token

FROM debian:13-slim AS c
COPY libcaptoken0_*.deb /tmp/
RUN apt-get update && apt-get install -y /tmp/*_$(dpkg --print-architecture).deb \
    && rm -rf /tmp/*.deb /var/lib/apt/lists/*
COPY --from=build /build/token /usr/local/bin/
USER nobody
CMD ["token"]

FROM debian:13-slim AS php
COPY php-captoken_*.deb /tmp/
RUN apt-get update && apt-get install -y --no-install-recommends \
    /tmp/*_$(dpkg --print-architecture).deb && rm -rf /tmp/*.deb /var/lib/apt/lists/*
COPY token.php /
USER nobody
CMD ["php", "/token.php"]
