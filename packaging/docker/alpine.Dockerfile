# Programs in C, PHP and Go on Alpine, from the archive for musl. The folder contains it and the programs of
# docs/install.md: token.c, token.php, and for Go main.go.

FROM alpine:3.22 AS archive
WORKDIR /build
COPY captoken-*-musl.tar.xz ./
RUN mkdir captoken && tar -xJf captoken-*-$(uname -m)-unknown-linux-musl.tar.xz -C captoken \
    --strip-components=1

FROM archive AS build-c
RUN apk add --no-cache gcc musl-dev
COPY token.c ./
RUN cc -static -Wl,--eh-frame-hdr token.c -Icaptoken/include captoken/lib/libcaptoken.a -o token

FROM scratch AS c
COPY --from=build-c /build/token /
USER 65534
CMD ["/token"]

FROM alpine:3.22 AS php
RUN apk add --no-cache php84 php84-ffi
COPY --from=archive /build/captoken/php /usr/share/php/captoken
COPY token.php /
USER 65534
CMD ["php84", "/token.php"]

FROM archive AS build-go
RUN apk add --no-cache gcc go musl-dev
COPY main.go hello/
RUN cd hello && go mod init example.com/hello \
    && go mod edit -require=captoken@v0.0.0 -replace=captoken=../captoken/go \
    && go build -tags musl -ldflags '-extldflags "-static -Wl,--eh-frame-hdr"' -o hello

FROM scratch AS go
COPY --from=build-go /build/hello/hello /
USER 65534
CMD ["/hello"]
