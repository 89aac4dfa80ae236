# make            build the shared and the static library
# make demo       build them, mint a token with examples-c/mint.c and show it
# make test       everything that must hold, in some minutes
# make test-php, test-go
#                 of it, what concerns one of the packages
# make test-deep  the same and what takes longer
# make bench      ROUNDS=31, measures against other libraries: BENCHMARKS.md
# make install    PREFIX=/usr/local DESTDIR=
# make uninstall  PREFIX=/usr/local DESTDIR=
# make cli        build the command line
# make install-cli, uninstall-cli
#                 PREFIX=/usr/local DESTDIR=
# make install-php, uninstall-php
#                 PREFIX=/usr/local DESTDIR= PHP_USER=www-data
# make go-lib     the archive and the header, where the Go package looks for them
#
# A path may contain spaces: it is always quoted, and never a target of make.

.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
BINDIR ?= $(PREFIX)/bin
CARGO ?= cargo
CC ?= cc
OBJCOPY ?= objcopy
NM ?= nm

VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml)
SONAME := libcaptoken.so.$(firstword $(subst ., ,$(VERSION)))

TARGET := $(or $(CARGO_TARGET_DIR),target)
SHARED := $(TARGET)/release/libcaptoken.so
STATIC := $(TARGET)/release/libcaptoken.a
STAGE := $(TARGET)/stage
CLI := $(TARGET)/cli/release/captoken
PHPDIR = $(PREFIX)/share/php/captoken
TO_INCLUDE = $(DESTDIR)$(INCLUDEDIR)
TO_LIB = $(DESTDIR)$(LIBDIR)
TO_BIN = $(DESTDIR)$(BINDIR)
TO_PHP = $(DESTDIR)$(PHPDIR)

# The libraries are those of this machine, where the rules look for them.
unexport CARGO_BUILD_TARGET

# What cargo is to build, in which target folder, and how make is told so. Root often
# has no cargo, and installs what somebody else has built. (What is up to date is seen
# from a file of ours: not every change of a source has cargo write its result anew.)
define build
	@if command -v "$(CARGO)" > /dev/null; then \
	    "$(CARGO)" build --release --locked $(1) --target-dir "$(2)" && touch "$(2)/built"; \
	elif [ ! -e "$(2)/built" ] || [ -n "$$(find src build.rs Cargo.* -newer "$(2)/built")" ]; then \
	    echo 'There is no cargo here, and no build that is up to date. Run $(3) where cargo is.' >&2; \
	    exit 1; \
	fi
endef

.PHONY: all
all:
	$(call build,--lib,$(TARGET),make)
	@flock "$(TARGET)/pack.lock" $(MAKE) --no-print-directory --silent pack

# Packagers who build with cargo alone run this afterwards.
.PHONY: pack
pack:
	NM="$(NM)" LD="$(LD)" OBJCOPY="$(OBJCOPY)" AR="$(AR)" sh scripts/pack-archive.sh "$(TARGET)"

# The input of the demonstration, also its time: NOW=1400000000 gives the token
# that Twilio's libraries wrote for this input in that second.
NOW ?= $(shell date +%s)

.PHONY: demo
demo: stage
	@$(CC) -std=c99 -O2 $(CFLAGS) -I"$(STAGE)/usr/include" examples-c/mint.c \
	    -L"$(STAGE)/usr/lib" -lcaptoken -o "$(TARGET)/mint"
	@LD_LIBRARY_PATH="$(STAGE)/usr/lib" TWILIO_ACCOUNT_SID=AC123123 TWILIO_AUTH_TOKEN=secret \
	    "$(TARGET)/mint" -i Alice -o AP123123 -p Foo=Bar -t 600 -n $(NOW) > "$(TARGET)/demo.jwt"
	@cat "$(TARGET)/demo.jwt"
	@sh examples-c/show.sh < "$(TARGET)/demo.jwt"

# The memory tests are run once more as the library is built, with optimisation.
.PHONY: test
test:
	sh tests/setup.sh
	"$(CARGO)" fmt --check
	"$(CARGO)" clippy --locked --features cli --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' "$(CARGO)" doc --locked --features cli --no-deps --document-private-items
	"$(CARGO)" test --locked --features cli
	$(MAKE) --no-print-directory test-php test-go
	"$(CARGO)" test --locked --release --test out_of_memory --test wiping

.PHONY: test-php
test-php:
	sh tests/setup.sh php
	$(MAKE) --no-print-directory all
	phpunit -c php/phpunit.xml.dist

# With the Go that is installed, and with the current one.
.PHONY: test-go
test-go:
	sh tests/setup.sh go
	$(MAKE) --no-print-directory go-lib
	sh tests/go.sh go "$(TARGET)/go-current/go/bin/go"

# Miri: the C interface from Rust, every access to memory checked. It needs a
# nightly toolchain, and the components miri and rust-src of it. And the state that threads
# share, as processors may reorder what they write.
.PHONY: test-deep
test-deep: test
	PROPTEST_CASES=200000 "$(CARGO)" test --locked --release --lib --test property
	MIRIFLAGS=-Zmiri-disable-isolation "$(CARGO)" +nightly miri test --locked --test access --test ffi --test mint
	"$(CARGO)" +nightly miri test --locked --lib jws::prefix

# Fails where a target is missed. What it prints is in the target folder, too:
# bench/report.md.
ROUNDS ?= 31

.PHONY: bench
bench:
	sh tests/setup.sh go sdk bench
	python3 -B benches/compare/bench.py --rounds $(ROUNDS)

# Handed over in the environment, where no character of it means anything.
.PHONY: check-prefix
check-prefix: export CHECKED := $(PREFIX)
check-prefix:
	@case "$$CHECKED" in \
	    *[!A-Za-z0-9/._+~@=,-]*) echo 'PREFIX must consist of ASCII letters, digits and / . _ + ~ @ = , - alone:' \
	        'pkg-config and php.ini read other characters in ways of their own.' >&2; exit 1;; \
	    /*) ;; \
	    *) echo 'PREFIX must be an absolute path.' >&2; exit 1;; \
	esac

.PHONY: install
install: check-prefix all
	install -d "$(TO_INCLUDE)" "$(TO_LIB)/pkgconfig"
	install -m 644 include/captoken.h include/captoken.ffi.h "$(TO_INCLUDE)"
	install -m 755 "$(SHARED)" "$(TO_LIB)/libcaptoken.so.$(VERSION)"
	ln -sf libcaptoken.so.$(VERSION) "$(TO_LIB)/$(SONAME)"
	ln -sf $(SONAME) "$(TO_LIB)/libcaptoken.so"
	install -m 644 "$(STATIC)" "$(TO_LIB)/libcaptoken.a"
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' \
	    -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@VERSION@|$(VERSION)|' \
	    captoken.pc.in > "$(TO_LIB)/pkgconfig/captoken.pc"
	chmod 644 "$(TO_LIB)/pkgconfig/captoken.pc"
	if [ -z "$(DESTDIR)" ] && [ "$$(id -u)" = 0 ]; then PATH="$$PATH:/sbin:/usr/sbin" ldconfig; fi

.PHONY: uninstall
uninstall:
	rm -f "$(TO_INCLUDE)/captoken.h" "$(TO_INCLUDE)/captoken.ffi.h" \
	    "$(TO_LIB)/libcaptoken.so.$(VERSION)" "$(TO_LIB)/$(SONAME)" "$(TO_LIB)/libcaptoken.so" \
	    "$(TO_LIB)/libcaptoken.a" "$(TO_LIB)/pkgconfig/captoken.pc"

# In a target folder of its own: the feature would have cargo build the library anew.
.PHONY: cli
cli:
	$(call build,--features cli --bin captoken,$(TARGET)/cli,make cli)

.PHONY: install-cli
install-cli: check-prefix cli
	install -d "$(TO_BIN)"
	install -m 755 "$(CLI)" "$(TO_BIN)/captoken"

.PHONY: uninstall-cli
uninstall-cli:
	rm -f "$(TO_BIN)/captoken"

# The PHP package with a library of its own: a folder that can be used where it is.
# Nothing else in it may end in .ini, so that php-fpm can be told to read the folder.
PHP_USER ?= www-data

PHP_SOURCES = $(patsubst php/%,%,$(wildcard $(addprefix php/src/,*.php */*.php */*/*.php)))
PHP_FILES = autoload.php captoken.ffi.h captoken.ini composer.json preload.php \
    bin/captoken-doctor examples/token.php lib/$(SONAME) $(PHP_SOURCES)

.PHONY: install-php
install-php: check-prefix all
	install -d "$(TO_PHP)/bin" "$(TO_PHP)/examples" "$(TO_PHP)/lib"
	install -m 644 php/autoload.php php/preload.php php/composer.json "$(TO_PHP)"
	install -m 755 php/bin/captoken-doctor "$(TO_PHP)/bin"
	install -m 644 php/examples/token.php "$(TO_PHP)/examples"
	for file in $(PHP_SOURCES); do \
	    install -d "$(TO_PHP)/$$(dirname "$$file")" && \
	    install -m 644 "php/$$file" "$(TO_PHP)/$$file" || exit; \
	done
	install -m 755 "$(SHARED)" "$(TO_PHP)/lib/$(SONAME)"
	sed 's|^#define FFI_LIB .*|#define FFI_LIB "$(PHPDIR)/lib/$(SONAME)"|' \
	    php/captoken.ffi.h > "$(TO_PHP)/captoken.ffi.h"
	sed -e 's|@PHPDIR@|$(PHPDIR)|' -e 's|@PHP_USER@|$(PHP_USER)|' \
	    php/captoken.ini.in > "$(TO_PHP)/captoken.ini"
	chmod 644 "$(TO_PHP)/captoken.ffi.h" "$(TO_PHP)/captoken.ini"

.PHONY: uninstall-php
uninstall-php: check-prefix
	if [ -d "$(TO_PHP)" ]; then \
	    (cd "$(TO_PHP)" && rm -f $(PHP_FILES)) && \
	    find "$(TO_PHP)" -depth -type d -empty -delete; \
	fi
	rmdir "$$(dirname "$(TO_PHP)")" 2> /dev/null || true

# The archive and the header in the Go package's own folder, where `go mod vendor`
# finds them, or in that of a copy. Go watches the header, but no archive: the checksum, which cgo.go compiles
# in, makes it link again when the archive is another.
TO_GO ?= go

.PHONY: go-lib
go-lib: all
	@flock "$(TARGET)/go-lib.lock" $(MAKE) --no-print-directory --silent refresh-go-lib

.PHONY: refresh-go-lib
refresh-go-lib:
	sum=$$(sha256sum < "$(STATIC)") && sum=$${sum%% *} && \
	if ! cmp -s "$(STATIC)" "$(TO_GO)/libcaptoken.a" || ! grep -qs "$$sum" "$(TO_GO)/captoken.h" || \
	    [ include/captoken.h -nt "$(TO_GO)/captoken.h" ]; then \
	    cp "$(STATIC)" "$(TO_GO)/libcaptoken.a.new" && \
	    cp include/captoken.h "$(TO_GO)/captoken.h.new" && \
	    echo "#define CAPTOKEN_ARCHIVE \"$$sum\"" >> "$(TO_GO)/captoken.h.new" && \
	    mv "$(TO_GO)/libcaptoken.a.new" "$(TO_GO)/libcaptoken.a" && \
	    mv "$(TO_GO)/captoken.h.new" "$(TO_GO)/captoken.h"; \
	fi

# An installation to test and try, laid out as a package would be, and made again
# when something in it is older than what it is made of. Tests that run at the same
# time wait for each other.
.PHONY: stage
stage: all
	@flock "$(TARGET)/stage.lock" $(MAKE) --no-print-directory --silent refresh-stage

.PHONY: refresh-stage
refresh-stage:
	if [ ! -e "$(STAGE)/complete" ] || [ -n "$$(find -L "$(SHARED)" "$(STATIC)" include \
	    captoken.pc.in Makefile -newer "$(STAGE)/complete")" ]; then \
	    rm -rf "$(STAGE)" && \
	    $(MAKE) --silent install DESTDIR="$(STAGE)" PREFIX=/usr LIBDIR=/usr/lib \
	        INCLUDEDIR=/usr/include && \
	    touch "$(STAGE)/complete"; \
	fi
