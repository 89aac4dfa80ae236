# Programs in C and PHP on Alpine, from an archive. The folder also contains it, token.c and token.php of
# docs/install.md.

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
