package captoken_test

import (
	"debug/elf"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"captoken"
)

// These tests build the programs of testdata as users build theirs: in a separate module,
// in a folder with a space in its name. The package's folder has no space, because Go 1.19
// cannot vendor from such a folder.

// The case of the vectors that testdata/mint reproduces.
const minted = "seed_php_params_ttl_600"

// modulePath is "captoken", or another path in a copy of the package.
var modulePath = reflect.TypeOf(captoken.Token{}).PkgPath()

// The archive that a program links here.
const (
	platform = "_" + runtime.GOOS + "_" + runtime.GOARCH
	archive  = "libcaptoken" + platform + ".a"
)

// slow skips a test that compiles programs under -short, and otherwise makes it parallel.
func slow(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("skipped by -short")
	}
	t.Parallel()
}

// isInherited returns whether the commands of the tests see a variable. They see none of a
// make that runs the tests, no credentials, and none that leads to another installation.
func isInherited(name string) bool {
	switch name {
	case "MAKEFLAGS", "MFLAGS", "MAKELEVEL", "PWD", "CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH",
		"LIBRARY_PATH", "LD_LIBRARY_PATH":
		return false
	}
	for _, prefix := range []string{"CGO_", "PKG_CONFIG_", "TWILIO_"} {
		if strings.HasPrefix(name, prefix) {
			return false
		}
	}
	return true
}

// command returns a command in a folder, independent of how the tests were started. The
// variables in env override all others.
func command(folder string, env []string, name string, arguments ...string) *exec.Cmd {
	command := exec.Command(name, arguments...)
	command.Dir = folder
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); isInherited(name) {
			command.Env = append(command.Env, variable)
		}
	}
	command.Env = append(command.Env, "GOTOOLCHAIN=local", "GOPROXY=off", "GOFLAGS=",
		"GOWORK=off", "GO111MODULE=on", "CGO_ENABLED=1", "PWD="+folder)
	command.Env = append(command.Env, env...)
	return command
}

// run runs a command that must succeed, and returns what it printed.
func run(t *testing.T, command *exec.Cmd) string {
	t.Helper()
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", command, err, output)
	}
	return string(output)
}

// fails runs a command that must not succeed, and returns what it printed.
func fails(t *testing.T, command *exec.Cmd) string {
	t.Helper()
	output, err := command.CombinedOutput()
	if err == nil {
		t.Fatalf("%s succeeds\n%s", command, output)
	}
	return string(output)
}

// goTool returns the go command of the toolchain that compiled the tests.
func goTool(t *testing.T) string {
	t.Helper()
	tool := filepath.Join(runtime.GOROOT(), "bin", "go")
	if _, err := os.Stat(tool); err != nil {
		tool = "go"
	}
	version := run(t, command(".", nil, tool, "version"))
	if fields := strings.Fields(version); len(fields) < 3 || fields[2] != strings.Fields(runtime.Version())[0] {
		t.Fatalf("%s is %s, but the tests were compiled with %s", tool, version, runtime.Version())
	}
	return tool
}

// A workspace is a copy of this package and a module that requires it.
type workspace struct {
	t              *testing.T
	goTool         string
	captoken, user string
}

// newWorkspace creates a workspace. The copy of the package lacks the files in leftOut. The
// module has the files of these folders of testdata.
func newWorkspace(t *testing.T, leftOut []string, folders ...string) workspace {
	t.Helper()
	root := t.TempDir()
	w := workspace{t, goTool(t), filepath.Join(root, "library"), filepath.Join(root, "the program")}
	without := map[string]bool{}
	for _, name := range leftOut {
		without[name] = true
	}
	copyFiles(t, ".", w.captoken, func(name string) bool {
		return !without[name] && !strings.HasSuffix(name, "_test.go")
	})
	check(t, os.MkdirAll(w.user, 0o777))
	for _, folder := range folders {
		copyFiles(t, filepath.Join("testdata", folder), w.user, func(string) bool { return true })
	}
	module := "module program\n\ngo 1.19\n\nrequire " + modulePath + " v0.0.0\n\n" +
		"replace " + modulePath + " => ../library\n"
	check(t, os.WriteFile(filepath.Join(w.user, "go.mod"), []byte(module), 0o666))
	return w
}

// copyFiles copies the wanted files of a folder, without subfolders.
func copyFiles(t *testing.T, from, to string, wanted func(name string) bool) {
	t.Helper()
	check(t, os.MkdirAll(to, 0o777))
	entries, err := os.ReadDir(from)
	check(t, err)
	for _, entry := range entries {
		if entry.Type() == fs.ModeDir || !wanted(entry.Name()) {
			continue
		}
		content, err := os.ReadFile(filepath.Join(from, entry.Name()))
		check(t, err)
		check(t, os.WriteFile(filepath.Join(to, entry.Name()), content, 0o666))
	}
}

// goes returns a go command in the module.
func (w workspace) goes(env []string, arguments ...string) *exec.Cmd {
	return command(w.user, env, w.goTool, arguments...)
}

// build builds the program and returns its path.
func (w workspace) build(env []string, flags ...string) string {
	w.t.Helper()
	program := filepath.Join(w.user, "program")
	arguments := append([]string{"build", "-o", program}, flags...)
	run(w.t, w.goes(env, append(arguments, ".")...))
	return program
}

// mint runs testdata/mint, or a program that contains it, for the case.
func (w workspace) mint(env []string, program string) string {
	w.t.Helper()
	env = append([]string{"TWILIO_ACCOUNT_SID=" + accountSID, "TWILIO_AUTH_TOKEN=" + authToken}, env...)
	return run(w.t, command(w.user, env, program, "1400000000", "600", "Alice", "AP123123", "Foo", "Bar"))
}

// checkMinted checks the output of testdata/mint.
func checkMinted(t *testing.T, output string) {
	t.Helper()
	if want := official(t, minted); strings.TrimSpace(output) != want {
		t.Errorf("the program prints %s, not %s", output, want)
	}
}

// needed returns the shared libraries that a program links, and whether it needs a dynamic
// linker.
func needed(t *testing.T, program string) (libraries []string, dynamic bool) {
	t.Helper()
	file, err := elf.Open(program)
	check(t, err)
	defer file.Close()
	libraries, err = file.ImportedLibraries()
	check(t, err)
	for _, part := range file.Progs {
		dynamic = dynamic || part.Type == elf.PT_INTERP
	}
	return libraries, dynamic
}

// Protects: `go mod vendor` copies the archive and the header. Such a program needs neither
// captoken's shared library nor libgcc at run time, and can be linked fully statically.
func TestBuildVendoredNeedsNoSharedLibrary(t *testing.T) {
	slow(t)
	w := newWorkspace(t, nil, "mint")
	run(t, w.goes(nil, "mod", "vendor"))
	check(t, os.RemoveAll(w.captoken))

	program := w.build(nil, "-mod=vendor")
	checkMinted(t, w.mint(nil, program))
	libraries, dynamic := needed(t, program)
	if names := strings.Join(libraries, " "); !dynamic || strings.Contains(names, "captoken") ||
		strings.Contains(names, "libgcc") {
		t.Errorf("dynamic linker: %v, libraries: %v", dynamic, libraries)
	}

	program = w.build(nil, "-mod=vendor", "-ldflags", `-extldflags "-static"`)
	checkMinted(t, w.mint(nil, program))
	if libraries, dynamic := needed(t, program); dynamic || len(libraries) != 0 {
		t.Errorf("dynamic linker: %v, libraries: %v", dynamic, libraries)
	}
}

// Protects: a shared library written in Go exports none of the archive's functions. Another
// library in its process could otherwise call them instead of those of its version.
func TestBuildSharedLibraryExportsNoFunctionOfC(t *testing.T) {
	slow(t)
	library := newWorkspace(t, nil, "mint").build(nil, "-buildmode=c-shared")
	file, err := elf.Open(library)
	check(t, err)
	defer file.Close()
	all, err := file.Symbols()
	check(t, err)
	found := false
	for _, symbol := range all {
		found = found || symbol.Name == "cap_generate_at"
	}
	if !found {
		t.Error("the library does not contain the archive")
	}
	dynamic, err := file.DynamicSymbols()
	check(t, err)
	for _, symbol := range dynamic {
		if symbol.Section != elf.SHN_UNDEF && strings.HasPrefix(symbol.Name, "cap_") {
			t.Errorf("the library exports %s", symbol.Name)
		}
	}
}

// Protects: a program can also link another static library written in Rust, even one whose
// copy of Rust's runtime differs because of link time optimisation.
func TestBuildLinksAnotherRustLibrary(t *testing.T) {
	slow(t)
	if _, err := exec.LookPath("rustc"); err != nil {
		// Only a copy works without Rust.
		inRepository(t, "go")
	}
	w := newWorkspace(t, nil, "mint", "rust")
	for _, optimisation := range []string{"-Clto=off", "-Clto=fat"} {
		run(t, command(w.user, nil, "rustc", "--edition=2021", "--crate-type=staticlib", "--crate-name=other",
			"-O", optimisation, "other.rs"))
		// Go does not watch the archive, so it would keep the old program.
		check(t, os.RemoveAll(filepath.Join(w.user, "program")))
		output := w.mint(nil, w.build(nil))
		lines := strings.Split(strings.TrimSpace(output), "\n")
		checkMinted(t, lines[len(lines)-1])
		if !strings.Contains(output, "a panic that is stopped") || !strings.Contains(output, "other: 5050 0\n") {
			t.Errorf("%s: the program prints %s", optimisation, output)
		}
	}
}

// Protects: a changed archive relinks the program. Otherwise a fix in the library would not
// reach it.
func TestBuildRelinksAChangedArchive(t *testing.T) {
	slow(t)
	w := newWorkspace(t, nil, "mint")
	before := w.mint(nil, w.build(nil))
	checkMinted(t, before)

	// Like make go-lib: replace the archive, and its checksum in the header.
	linked := filepath.Join(w.captoken, archive)
	content, err := os.ReadFile(linked)
	check(t, err)
	changed := strings.ReplaceAll(string(content), "client:incoming", "client:INCOMING")
	check(t, os.WriteFile(linked, []byte(changed), 0o666))
	header := filepath.Join(w.captoken, "captoken.h")
	content, err = os.ReadFile(header)
	check(t, err)
	definition := "\n#define CAPTOKEN_ARCHIVE" + platform + " \""
	if strings.Count(string(content), definition) != 1 {
		t.Fatalf("captoken.h has no line %s", definition)
	}
	changed = strings.Replace(string(content), definition, definition+"of another archive, not ", 1)
	check(t, os.WriteFile(header, []byte(changed), 0o666))
	if after := w.mint(nil, w.build(nil)); after == before {
		t.Error("the program is the same as before")
	}
}

// Protects: with the replace of the guide, commands accept a module path without a dot.
func TestBuildReplaceAllowsGetAndWorkspaces(t *testing.T) {
	slow(t)
	w := newWorkspace(t, nil, "mint")
	work := []string{"GOWORK=" + filepath.Join(w.user, "go.work")}
	run(t, w.goes(work, "work", "init", "."))
	run(t, w.goes(nil, "get", modulePath))
	run(t, w.goes(work, "work", "sync"))
	if !strings.HasPrefix(runtime.Version(), "go1.19") {
		run(t, w.goes(work, "work", "vendor"))
		check(t, os.RemoveAll(filepath.Join(w.user, "vendor")))
	}
	checkMinted(t, w.mint(nil, w.build(work)))

	if strings.Contains(modulePath, ".") {
		return
	}
	run(t, w.goes(nil, "mod", "edit", "-dropreplace=captoken", "-droprequire=captoken"))
	output := fails(t, w.goes(nil, "get", modulePath))
	if !strings.Contains(output, "malformed module path \"captoken\": missing dot in first path element") {
		t.Errorf("the error is\n%s", output)
	}
}

// Protects: the build tag links the installed library instead of the archive.
func TestBuildWithPkgConfigLinksInstalledLibrary(t *testing.T) {
	slow(t)
	stage := t.TempDir()
	run(t, command(inRepository(t, ""), nil, "make", "install", "DESTDIR="+stage, "PREFIX=/usr"))
	libraries := filepath.Join(stage, "usr", "lib")
	env := []string{
		"PKG_CONFIG_PATH=" + filepath.Join(libraries, "pkgconfig"),
		"PKG_CONFIG_SYSROOT_DIR=" + stage,
		"LD_LIBRARY_PATH=" + libraries,
	}

	w := newWorkspace(t, []string{"captoken.h", archive}, "mint")
	program := w.build(env, "-tags", "captoken_pkgconfig")
	checkMinted(t, w.mint(env, program))
	names, _ := needed(t, program)
	if !strings.Contains(strings.Join(names, " "), "libcaptoken.so.0") {
		t.Errorf("the program needs %v", names)
	}
}

// Protects: without cgo, the compiler errors say what to install, and how to cross-compile,
// for which Go disables cgo.
func TestBuildWithoutCgoExplainsTheError(t *testing.T) {
	slow(t)
	w := newWorkspace(t, nil, "mint")
	other := "arm64"
	if runtime.GOARCH == other {
		other = "amd64"
	}
	for _, env := range [][]string{{"CGO_ENABLED=0"}, {"CGO_ENABLED=", "GOARCH=" + other}} {
		output := fails(t, w.goes(env, "build", "."))
		said := 0
		for _, part := range []string{
			`"captoken needs cgo: install gcc and set CGO_ENABLED=1" `,
			`"to cross-compile, also set CC, such as CC=aarch64-linux-gnu-gcc" `,
			"\"and use the package that `make go-dist` writes, for all machines\" ",
		} {
			said += strings.Count(output, part)
		}
		if said != 3 || strings.Count(output, ".go:") != 3 {
			t.Errorf("with %v, the error is\n%s", env, output)
		}
	}
}

// Protects: without the files of `make go-lib`, the error names the command, even if the
// compiler finds an installed header, which may not match the archive.
func TestBuildWithoutLibraryNamesTheCommand(t *testing.T) {
	slow(t)
	installed := t.TempDir()
	header, err := os.ReadFile(inRepository(t, "include/captoken.h"))
	check(t, err)
	check(t, os.WriteFile(filepath.Join(installed, "captoken.h"), header, 0o666))
	for _, leftOut := range [][]string{
		{"captoken.h", archive}, {"captoken.h"}, {archive},
	} {
		w := newWorkspace(t, leftOut, "mint")
		for _, env := range [][]string{nil, {"CPATH=" + installed}} {
			output := fails(t, w.goes(env, "build", "."))
			if strings.Count(output, "error:") != 1 || !strings.Contains(output, "is missing") ||
				!strings.Contains(output, "`make go-lib`") ||
				!strings.Contains(output, "`-tags captoken_pkgconfig`") {
				t.Errorf("without %v, with %v, the error is\n%s", leftOut, env, output)
			}
		}
	}
}

// Protects: every handle is freed exactly once and not used after that. No token has only
// some of its params. See testdata/failing.
func TestHandlesAreFreedOnce(t *testing.T) {
	slow(t)
	w := newWorkspace(t, []string{archive}, "failing")
	source, err := filepath.Abs(inRepository(t, "tests/c/fake.c"))
	check(t, err)
	run(t, command(w.captoken, nil, "cc", "-std=c11", "-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror",
		"-O2", "-fPIC", "-I.", "-DHANDLES=1", "-c", source, "-o", "fake.o"))
	run(t, command(w.captoken, nil, "ar", "rcs", archive, "fake.o"))
	check(t, os.Remove(filepath.Join(w.captoken, "fake.o")))
	run(t, command(w.user, nil, w.build(nil)))
}
