# Programs in C, PHP and Go on Alpine, from an archive. The folder contains it, and token.c, token.php and
# main.go of docs/install.md.

FROM alpine:3.22 AS build
RUN apk add gcc musl-dev
WORKDIR /build
COPY captoken-*-musl.tar.xz token.c ./
RUN mkdir captoken && tar -xJf captoken-*-$(uname -m)-unknown-linux-musl.tar.xz -C captoken \
    --strip-components=1
RUN cc -static -Wl,--eh-frame-hdr token.c -Icaptoken/include captoken/lib/libcaptoken.a -o token

FROM scratch AS c
COPY --from=build /build/token /
USER 65534
CMD ["/token"]

FROM alpine:3.22 AS php
RUN apk add php84 php84-ffi
COPY --from=build /build/captoken/php /usr/share/php/captoken
COPY token.php /
USER nobody
CMD ["php84", "/token.php"]

FROM build AS build-go
RUN apk add go
COPY main.go hello/
RUN cd hello && go mod init example.com/hello \
    && go mod edit -require=captoken@v0.0.0 -replace=captoken=../captoken/go \
    && go build -tags musl -ldflags '-extldflags "-static -Wl,--eh-frame-hdr"' -o hello

FROM scratch AS go
COPY --from=build-go /build/hello/hello /
USER 65534
CMD ["/hello"]
