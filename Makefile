# Builds, tests and installs captoken. `make help` lists the targets and variables: it prints
# each line that starts with ## and the name of the target or variable after it.
#
# Paths may contain spaces. They are therefore always quoted, and never targets of make.

.DELETE_ON_ERROR:
# cargo uses all CPUs. make dist and make deb share folders.
.NOTPARALLEL:
.DEFAULT_GOAL := all

# macOS has no flock, and its tools are not GNU's.
define macos
make works only on Linux. On macOS, these work:
  cargo build --release --workspace   the libraries and the program captoken, in target/release
  C and Go                            link target/release/libcaptoken.a
  PHP on the command line             set CAPTOKEN_LIB to target/release/libcaptoken.dylib
docs/install.md#macos has the commands. There is no installation. php-fpm, Apache and preloading
are untried. Of make's targets, only help and clean work
endef
ifneq (,$(filter-out help clean,$(or $(MAKECMDGOALS),all)))
    ifeq (Darwin,$(shell uname -s))
        $(error $(macos))
    endif
endif

## installation prefix
PREFIX ?= /usr/local
## folder of the libraries
LIBDIR ?= $(PREFIX)/lib
## folder of the headers
INCLUDEDIR ?= $(PREFIX)/include
## folder of the command-line tool
BINDIR ?= $(PREFIX)/bin
## is put before every installed path, for packagers
DESTDIR ?=
## cargo to build with
CARGO ?= cargo

# GNU's names of these variables; make would ignore them.
ifneq (,$(findstring command line,$(foreach name,prefix libdir includedir bindir destdir,$(origin $(name)))))
    $(error write PREFIX, LIBDIR, INCLUDEDIR, BINDIR and DESTDIR in capitals)
endif

# Recipes write these variables between double quotes, where the shell expands some characters. make
# expands a $ earlier: $(HOME) is a variable, but $HOME is $(H)OME.
define newline


endef
parenthesis := (
brace := {
no_references = $(subst $$$(brace),,$(subst $$$(parenthesis),,$(value $(1))))
is_odd = $(strip $(filter -%,$(firstword $($(1)))) $(if $(findstring $(newline),$($(1))),x) \
    $(findstring $$,$(call no_references,$(1)))$(foreach odd,\ " ` $$,$(findstring $(odd),$($(1)))))
$(foreach name,CARGO CARGO_TARGET_DIR PREFIX DESTDIR LIBDIR INCLUDEDIR BINDIR TO_GO PHP_USER ADVISORIES,$(if \
    $(call is_odd,$(name)),$(error $(name) must not begin with - or contain " ` $$ \ or a line break)))

# The tools that build the archive and the demonstration; make knows CC, LD and AR.
OBJCOPY ?= objcopy
NM ?= nm

VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml)
SONAME := libcaptoken.so.$(firstword $(subst ., ,$(VERSION)))

TARGET := $(or $(CARGO_TARGET_DIR),target)
SHARED := $(TARGET)/release/libcaptoken.so
STATIC := $(TARGET)/release/libcaptoken.a
STAGE := $(TARGET)/stage
CLI := $(TARGET)/release/captoken
SOURCES := src build.rs cbindgen.toml Cargo.toml Cargo.lock
PHPDIR = $(PREFIX)/share/php/captoken
TO_INCLUDE = $(DESTDIR)$(INCLUDEDIR)
TO_LIB = $(DESTDIR)$(LIBDIR)
TO_BIN = $(DESTDIR)$(BINDIR)
TO_SHARE = $(DESTDIR)$(PREFIX)/share
TO_PHP = $(DESTDIR)$(PHPDIR)
TO_CMAKE = $(TO_LIB)/cmake/captoken
TO_DOC = $(TO_SHARE)/doc/captoken
TO_MAN = $(TO_SHARE)/man/man1
TO_BASH = $(TO_SHARE)/bash-completion/completions
TO_ZSH = $(TO_SHARE)/zsh/site-functions
TO_FISH = $(TO_SHARE)/fish/vendor_completions.d

# $(call build,ARGUMENTS,STAMP,SOURCES,COMMAND): runs cargo, as scripts/build.sh explains.
define build
	@CARGO="$(CARGO)" CARGO_TARGET_DIR="$(TARGET)" INSTALLING=$(INSTALLING) \
	    sh scripts/build.sh "$(2)" "$(4)" "$(3)" $(1)
endef

.PHONY: help
## print this list
help:
	@awk '/^## / { text = substr($$0, 4); next } \
	    text && /^[a-z-]+:/ { sub(/:.*/, ""); \
	        targets = targets sprintf("  make %-14s %s\n", $$0, text); text = "" } \
	    text && / \?=/ { name = $$1; sub(/^[^=]*= */, ""); sub(/^\$$\(shell.*/, "..."); \
	        variables = variables sprintf("  %-30s %s\n", name "=" $$0, text); text = "" } \
	    END { printf "Targets:\n%s\nVariables and their defaults:\n%s", targets, variables }' Makefile

.PHONY: all
## build the libraries and the command-line tool; the default
all: lib cli

# make -n runs the lines with $(MAKE), but no build: they create the target folder themselves.
.PHONY: lib
## build the shared and the static library
lib:
	$(call build,--package captoken --lib,built,$(SOURCES),all)
	@mkdir -p "$(TARGET)" && flock "$(TARGET)/pack.lock" $(MAKE) --no-print-directory --silent pack

.PHONY: pack
## repack the static library, after a build with cargo alone
pack:
	NM="$(NM)" AS="$(AS)" LD="$(LD)" OBJCOPY="$(OBJCOPY)" AR="$(AR)" sh scripts/pack-archive.sh "$(TARGET)"

# NOW=1400000000 gives the token that Twilio's libraries wrote at that time.
## time at which make demo mints, in seconds since 1970
NOW ?= $(shell date +%s)

.PHONY: demo
## mint a token with examples-c/mint.c and show it; installs a compiler and Rust if missing
demo:
	@CARGO="$(CARGO)" CC="$(CC)" sh scripts/setup.sh build
	@$(MAKE) --no-print-directory stage
	@$(or $(CC),cc) -std=c99 -O2 $(CFLAGS) -I"$(STAGE)/usr/include" examples-c/mint.c \
	    -L"$(STAGE)/usr/lib" -lcaptoken -o "$(TARGET)/mint"
	@LD_LIBRARY_PATH="$(STAGE)/usr/lib" TWILIO_ACCOUNT_SID=AC123123 TWILIO_AUTH_TOKEN=secret \
	    "$(TARGET)/mint" -i Alice -o AP123123 -p Foo=Bar -t 600 -n $(NOW) > "$(TARGET)/demo.jwt"
	@cat "$(TARGET)/demo.jwt"
	@sh examples-c/show.sh < "$(TARGET)/demo.jwt"

## port of make demo-browser
DEMO_PORT ?= 8443

.PHONY: demo-browser
## start a browser phone whose tokens come from C, PHP and Go; installs what it needs
demo-browser: demo-ready
	@exec env CC="$(CC)" CARGO_TARGET_DIR="$(TARGET)" sh scripts/demo.sh run --port $(DEMO_PORT)

.PHONY: demo-live
## the same with Twilio's service and your account, as docs/live.md describes
demo-live:
	@env -u TWILIO_AUTH_TOKEN -u TWILIO_API_KEY_SECRET $(MAKE) --no-print-directory demo-ready
	@exec env CC="$(CC)" CARGO_TARGET_DIR="$(TARGET)" sh scripts/demo.sh run --port $(DEMO_PORT) --live

## files in demo/tests for make test-browser, such as "phones refusals"; by default all
BROWSER_TESTS ?=

.PHONY: test-browser
## test the browser phone in Chromium, about 2 minutes
test-browser:
	@CARGO="$(CARGO)" CC="$(CC)" sh scripts/setup.sh browser
	@$(MAKE) --no-print-directory demo-ready
	CC="$(CC)" CARGO_TARGET_DIR="$(TARGET)" sh scripts/demo.sh test $(BROWSER_TESTS)

.PHONY: demo-ready
demo-ready:
	@CARGO="$(CARGO)" CC="$(CC)" sh scripts/setup.sh demo
	@$(MAKE) --no-print-directory stage go-lib

.PHONY: clean
## remove everything that was built
clean:
	rm -rf "$(TARGET)" demo/node_modules
	rm -f go/libcaptoken*.a go/captoken.h

# The memory tests run again with the optimisations of the installed library.
.PHONY: test
## run all tests (about 10 minutes); installs the packages that they need
test:
	@CARGO="$(CARGO)" sh scripts/setup.sh
	@echo 'Running all tests, about 10 minutes on two cores.'
	python3 -B tests/planted.py --check
	python3 -B tests/assurance.py --check
	"$(CARGO)" test --locked --workspace
	$(MAKE) --no-print-directory test-php test-go
	"$(CARGO)" test --locked --release --test out_of_memory --test wiping
	@CARGO="$(CARGO)" sh scripts/floor.sh

.PHONY: check
## the same as make test
check: test

# Results depend on the versions of the tools, so make test does not include this.
.PHONY: lint
## check format, style, spelling and prose; needs rustfmt and clippy
lint:
	@CARGO="$(CARGO)" sh scripts/setup.sh go lint
	$(MAKE) --no-print-directory go-lib
	CARGO="$(CARGO)" CARGO_TARGET_DIR="$(TARGET)" sh scripts/lint.sh

.PHONY: test-php
## run the tests of the PHP package, a part of make test
test-php:
	@CARGO="$(CARGO)" sh scripts/setup.sh php
	$(MAKE) --no-print-directory lib
	phpunit -c php/phpunit.xml.dist

# Runs with the installed Go and with a current one.
.PHONY: test-go
## run the tests of the Go package, a part of make test
test-go:
	@CARGO="$(CARGO)" sh scripts/setup.sh go
	$(MAKE) --no-print-directory go-lib
	sh tests/go.sh go "$(TARGET)/go-current/go/bin/go"

.PHONY: planted
## show that the checks find bugs: plant each bug of tests/planted.toml in a copy of the tree
planted:
	@CARGO="$(CARGO)" sh scripts/setup.sh c php go sdk builds sanitize load fuzz deny browser
	CARGO_TARGET_DIR="$(TARGET)" python3 -B tests/planted.py

.PHONY: sanitize
## search for memory errors, races and undefined behaviour with sanitizers, Miri and valgrind
sanitize:
	@CARGO="$(CARGO)" sh scripts/setup.sh sanitize
	CARGO="$(CARGO)" CARGO_TARGET_DIR="$(TARGET)" sh scripts/sanitize.sh

## seconds of each test of make load
LOAD_SECONDS ?= 60

.PHONY: load
## run the token servers under load, about 10 minutes
load:
	@CARGO="$(CARGO)" sh scripts/setup.sh load
	LOAD_SECONDS=$(LOAD_SECONDS) "$(CARGO)" test --locked --release --test it load:: -- \
	    --ignored --test-threads=1 --nocapture

## seconds that make fuzz runs each target
SECONDS ?= 30

.PHONY: fuzz
## fuzz the C functions, the PHP class and the Go package; needs rustup
fuzz:
	@CARGO="$(CARGO)" sh scripts/setup.sh php go fuzz
	CARGO="$(CARGO)" CARGO_TARGET_DIR="$(TARGET)" sh scripts/fuzz.sh $(SECONDS)

## clone of the RustSec advisory database, for make deny
ADVISORIES ?=

.PHONY: deny
## check licences and sources of the crates, and with ADVISORIES known vulnerabilities
deny:
	@CARGO="$(CARGO)" sh scripts/setup.sh deny
	CARGO="$(CARGO)" CARGO_TARGET_DIR="$(TARGET)" sh scripts/deny.sh "$(ADVISORIES)"

## suites of make test-clean
SUITES ?= bookworm trixie

.PHONY: test-clean
## run make test in clean Debian systems, and the documents' commands there; needs root
test-clean:
	for suite in $(SUITES); do \
	    sh scripts/clean-root.sh $$suite 'make demo' 'make test' || exit; \
	    sh scripts/clean-root.sh $$suite \
	        'sudo: sudo apt-get -qq install -y python3 > /dev/null && python3 tests/documents.py install' \
	        'make test' 'sudo: python3 tests/documents.py remove' \
	        'user: make demo' 'user: make test' || exit; \
	done

.PHONY: assurance
## run the commands of docs/assurance.md: each claim, hours in all; needs rustup and root
assurance:
	@CARGO="$(CARGO)" sh scripts/setup.sh c php go sdk builds dist deb archives systems \
	    sanitize load fuzz deny
	CARGO="$(CARGO)" CARGO_TARGET_DIR="$(TARGET)" python3 -B tests/assurance.py

.PHONY: test-deep
## run make test and make assurance
test-deep: test
	$(MAKE) --no-print-directory assurance

## rounds of make bench
ROUNDS ?= 31

# Fails if a performance target is missed. Also writes its output to bench/report.md in the
# target folder.
.PHONY: bench
## compare with other libraries, as BENCHMARKS.md describes
bench:
	@CARGO="$(CARGO)" sh scripts/setup.sh go sdk bench
	python3 -B benches/compare/bench.py --rounds $(ROUNDS)

## targets of make dist
DIST_TARGETS ?= x86_64-unknown-linux-gnu aarch64-unknown-linux-gnu x86_64-unknown-linux-musl \
    aarch64-unknown-linux-musl

.PHONY: dist
## write archives for glibc 2.17 and musl, on x86_64 and aarch64, into the target folder's dist
dist:
	@CARGO="$(CARGO)" sh scripts/setup.sh dist
	@CARGO_TARGET_DIR="$(TARGET)" VERSION="$(VERSION)" SONAME="$(SONAME)" \
	    sh scripts/dist.sh $(DIST_TARGETS)
	$(sums)

define sums
	@cd "$(TARGET)/dist" && export LC_ALL=C && \
	    ls | grep -E '\.(tar\.xz|deb)$$' | xargs sha256sum > SHA256SUMS
endef

.PHONY: go-dist
## write the Go module as it would be published, for the same machines, into the folder dist/go
go-dist: export GO_MODULE := $(GO_MODULE)
go-dist:
	@CARGO="$(CARGO)" sh scripts/setup.sh dist
	@CARGO_TARGET_DIR="$(TARGET)" sh scripts/dist-build.sh $(DIST_TARGETS)
	@CARGO_TARGET_DIR="$(TARGET)" sh scripts/dist-go.sh "$(TARGET)/dist/go" $(DIST_TARGETS)
	@echo "$(TARGET)/dist/go"

DEB_TARGETS = $(filter %-linux-gnu,$(DIST_TARGETS))

.PHONY: deb
## write Debian packages of the builds for glibc into the same folder
deb:
	@CARGO="$(CARGO)" sh scripts/setup.sh dist deb
	@CARGO_TARGET_DIR="$(TARGET)" sh scripts/dist-build.sh $(DEB_TARGETS)
	@CARGO_TARGET_DIR="$(TARGET)" VERSION="$(VERSION)" SONAME="$(SONAME)" \
	    sh scripts/deb.sh "$(TARGET)/dist" $(DEB_TARGETS)
	$(sums)

# $(call check,FOLDER...): checks the variables, and that the installation can write to the folders.
define check
	@PREFIX="$(PREFIX)" LIBDIR="$(LIBDIR)" INCLUDEDIR="$(INCLUDEDIR)" BINDIR="$(BINDIR)" \
	    sh scripts/check-install.sh $(1)
endef

# Replaces a file by a rename, because running programs use it.
PUT = sh scripts/put.sh

.PHONY: install
## install the libraries, their headers and files for pkg-config and CMake, and the command-line tool
install:
	$(call check,"$(TO_INCLUDE)" "$(TO_LIB)" "$(TO_BIN)" "$(TO_SHARE)")
	@$(MAKE) --no-print-directory install-lib install-cli

# Fills in a template.
INCLUDE_FROM_LIB = $(shell realpath -ms --relative-to="$(LIBDIR)" "$(INCLUDEDIR)")
FILL = sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' -e 's|@LIBDIR@|$(LIBDIR)|' \
    -e 's|@INCLUDE_FROM_LIB@|$(INCLUDE_FROM_LIB)|' -e 's|@SONAME@|$(SONAME)|' \
    -e 's|@VERSION@|$(VERSION)|'

# Removes the libraries of other versions with this SONAME. After a downgrade, ldconfig would let
# the SONAME's link point to the newer one.
.PHONY: install-lib
install-lib:
	$(call check,"$(TO_INCLUDE)" "$(TO_LIB)" "$(TO_SHARE)")
	@$(MAKE) --no-print-directory lib INSTALLING=yes
	install -d "$(TO_INCLUDE)" "$(TO_LIB)/pkgconfig" "$(TO_CMAKE)" "$(TO_DOC)"
	$(PUT) 644 include/captoken.h "$(TO_INCLUDE)/captoken.h"
	$(PUT) 644 include/captoken.ffi.h "$(TO_INCLUDE)/captoken.ffi.h"
	$(PUT) 755 "$(SHARED)" "$(TO_LIB)/libcaptoken.so.$(VERSION)"
	ln -sf libcaptoken.so.$(VERSION) "$(TO_LIB)/$(SONAME)"
	ln -sf $(SONAME) "$(TO_LIB)/libcaptoken.so"
	@for file in "$(TO_LIB)/$(SONAME)".[0-9]*; do \
	    [ "$$file" = "$(TO_LIB)/libcaptoken.so.$(VERSION)" ] || rm -f "$$file"; \
	done
	$(PUT) 644 "$(STATIC)" "$(TO_LIB)/libcaptoken.a"
	$(FILL) captoken.pc.in | $(PUT) 644 - "$(TO_LIB)/pkgconfig/captoken.pc"
	$(FILL) cmake/captoken-config.cmake.in | $(PUT) 644 - "$(TO_CMAKE)/captoken-config.cmake"
	$(FILL) cmake/captoken-config-version.cmake.in | \
	    $(PUT) 644 - "$(TO_CMAKE)/captoken-config-version.cmake"
	@for file in LICENSE-APACHE LICENSE-MIT; do $(PUT) 644 $$file "$(TO_DOC)/$$file" || exit; done
	$(ldconfig)

# As root, the dynamic linker finds the library, or forgets it.
define ldconfig
	if [ -z "$(DESTDIR)" ] && [ "$$(id -u)" = 0 ]; then PATH="$$PATH:/sbin:/usr/sbin" ldconfig; fi
endef

# $(call remove_empty,FOLDER...): removes folders that are empty, except the usual ones.
define remove_empty
	@for folder in $(1); do \
	    case "$$folder" in \
	        / | /usr | /usr/local | /usr/bin | /usr/include | /usr/lib | /usr/share) ;; \
	        /usr/local/bin | /usr/local/include | /usr/local/lib | /usr/local/share) ;; \
	        /usr/share/doc | /usr/share/man | /usr/share/man/man1 | /usr/local/share/man) ;; \
	        *) rmdir "$$folder" 2> /dev/null || true;; \
	    esac; \
	done
endef

.PHONY: uninstall-all
## remove everything that the install targets have installed
uninstall-all: uninstall uninstall-php

.PHONY: uninstall
## remove what make install has installed
uninstall: uninstall-cli
	rm -f "$(TO_INCLUDE)/captoken.h" "$(TO_INCLUDE)/captoken.ffi.h" \
	    "$(TO_LIB)/$(SONAME)".[0-9]* "$(TO_LIB)/$(SONAME)" "$(TO_LIB)/libcaptoken.so" \
	    "$(TO_LIB)/libcaptoken.a" "$(TO_LIB)/pkgconfig/captoken.pc" \
	    "$(TO_CMAKE)/captoken-config.cmake" "$(TO_CMAKE)/captoken-config-version.cmake" \
	    "$(TO_DOC)/LICENSE-APACHE" "$(TO_DOC)/LICENSE-MIT"
	$(ldconfig)
	$(call remove_empty,"$(TO_CMAKE)" "$(TO_LIB)/cmake" "$(TO_LIB)/pkgconfig" "$(TO_LIB)" \
	    "$(TO_INCLUDE)" "$(TO_DOC)" "$(TO_SHARE)/doc" "$(TO_SHARE)" "$(DESTDIR)$(PREFIX)")

# Leaves the library as it is: Cargo.toml keeps the features of the shared dependencies equal.
.PHONY: cli
## build the command-line tool
cli:
	$(call build,--package captoken-cli,built-cli,$(SOURCES) cli/src cli/Cargo.toml,cli)

# The man pages and completions are in the repository; cli/src/pages.rs generates them.
.PHONY: install-cli
## install the command-line tool, its man pages and completions, without the libraries
install-cli:
	$(call check,"$(TO_BIN)" "$(TO_SHARE)")
	@$(MAKE) --no-print-directory cli INSTALLING=yes
	install -d "$(TO_BIN)" "$(TO_MAN)" "$(TO_BASH)" "$(TO_ZSH)" "$(TO_FISH)"
	$(PUT) 755 "$(CLI)" "$(TO_BIN)/captoken"
	@for page in cli/man/*.1; do $(PUT) 644 $$page "$(TO_MAN)/$${page##*/}" || exit; done
	$(PUT) 644 cli/completions/captoken.bash "$(TO_BASH)/captoken"
	$(PUT) 644 cli/completions/_captoken "$(TO_ZSH)/_captoken"
	$(PUT) 644 cli/completions/captoken.fish "$(TO_FISH)/captoken.fish"

.PHONY: uninstall-cli
## remove what make install-cli has installed
uninstall-cli:
	rm -f "$(TO_BIN)/captoken" "$(TO_BASH)/captoken" "$(TO_ZSH)/_captoken" \
	    "$(TO_FISH)/captoken.fish"
	@for page in cli/man/*.1; do rm -f "$(TO_MAN)/$${page##*/}"; done
	$(call remove_empty,"$(TO_BIN)" "$(TO_MAN)" "$(TO_SHARE)/man" "$(TO_BASH)" \
	    "$(TO_SHARE)/bash-completion" "$(TO_ZSH)" "$(TO_SHARE)/zsh" "$(TO_FISH)" \
	    "$(TO_SHARE)/fish" "$(TO_SHARE)" "$(DESTDIR)$(PREFIX)")

## user of php-fpm's workers, for captoken.ini
PHP_USER ?= www-data

# $(call php_package,install or uninstall): runs the script that knows the files.
define php_package
	TO_PHP="$(TO_PHP)" PHPDIR="$(PHPDIR)" PHP_USER="$(PHP_USER)" SHARED="$(SHARED)" \
	    SONAME="$(SONAME)" VERSION="$(VERSION)" sh scripts/php-package.sh $(1)
endef

.PHONY: install-php
## install the PHP package
install-php:
	$(call check,"$(TO_PHP)")
	@$(MAKE) --no-print-directory lib INSTALLING=yes
	$(call php_package,install)

.PHONY: uninstall-php
## remove the PHP package
uninstall-php:
	$(call check)
	$(call php_package,uninstall)
	@find "$(DESTDIR)/etc/php" -type l -lname "$(PHPDIR)/captoken.ini" -print -delete 2> /dev/null \
	    | sed 's/.*/Removed the link &: restart its server./'
	$(call remove_empty,"$(DESTDIR)$(PREFIX)/share/php" "$(DESTDIR)$(PREFIX)/share" "$(DESTDIR)$(PREFIX)")

## folder of the Go package, or of a copy
TO_GO ?= go
## module path of the copy of the Go package, such as example.com/you/captoken
GO_MODULE ?=

# The script reads the variables from the environment, because the shell does not expand their
# characters there.
.PHONY: go-lib
## copy the static library and the header into the Go package
go-lib: export TO_GO := $(TO_GO)
go-lib: export GO_MODULE := $(GO_MODULE)
go-lib:
	@sh scripts/copy-go.sh
	@$(MAKE) --no-print-directory lib
	@mkdir -p "$(TARGET)" && flock "$(TARGET)/go-lib.lock" \
	    sh scripts/go-archives.sh "$(TO_GO)" "$(STATIC)"

# Test programs that run concurrently wait for the lock. An up-to-date installation is kept.
.PHONY: stage
## install into the target folder's stage, for tests
stage: lib
	@mkdir -p "$(TARGET)" && flock "$(TARGET)/stage.lock" $(MAKE) --no-print-directory --silent refresh-stage

# The lines without $(MAKE) are separate: make -n must not run them.
.PHONY: refresh-stage
refresh-stage:
	if [ -n "$$(find -L "$(SHARED)" "$(STATIC)" include captoken.pc.in cmake Makefile \
	    -newer "$(STAGE)/complete" 2>&1)" ]; then rm -rf "$(STAGE)"; fi
	[ -e "$(STAGE)/complete" ] || $(MAKE) --silent install-lib DESTDIR="$(STAGE)" PREFIX=/usr \
	    LIBDIR=/usr/lib INCLUDEDIR=/usr/include
	[ -e "$(STAGE)/complete" ] || touch "$(STAGE)/complete"
