# Programs in C, PHP and Go on Debian: from the Debian packages, and for Go from the archive for glibc. The
# folder contains them and the programs of docs/install.md: token.c, token.php, and for Go main.go.

FROM debian:13-slim AS build-c
WORKDIR /build
COPY libcaptoken*.deb token.c ./
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev pkg-config \
    ./libcaptoken*_$(dpkg --print-architecture).deb
RUN cc token.c $(pkg-config --cflags --libs captoken) -o token

FROM debian:13-slim AS c
COPY libcaptoken0_*.deb /tmp/
RUN apt-get update && apt-get install -y --no-install-recommends \
    /tmp/*_$(dpkg --print-architecture).deb && rm -rf /tmp/*.deb /var/lib/apt/lists/*
COPY --from=build-c /build/token /usr/local/bin/
USER 65534
CMD ["token"]

FROM debian:13-slim AS php
COPY php-captoken_*.deb /tmp/
RUN apt-get update && apt-get install -y --no-install-recommends \
    /tmp/*_$(dpkg --print-architecture).deb && rm -rf /tmp/*.deb /var/lib/apt/lists/*
COPY token.php /
USER 65534
CMD ["php", "/token.php"]

FROM debian:13-slim AS build-go
WORKDIR /build
RUN apt-get update && apt-get install -y --no-install-recommends gcc golang-go libc6-dev xz-utils
COPY captoken-*-gnu.tar.xz ./
COPY main.go hello/
RUN mkdir captoken && tar -xf captoken-*-$(uname -m)-unknown-linux-gnu.tar.xz -C captoken --strip-components=1
RUN cd hello && go mod init example.com/hello \
    && go mod edit -require=captoken@v0.0.0 -replace=captoken=../captoken/go && go build -o hello

FROM debian:13-slim AS go
COPY --from=build-go /build/hello/hello /usr/local/bin/
USER 65534
CMD ["hello"]
