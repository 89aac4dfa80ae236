package captoken_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// readmeBlock returns the block of README in a language that starts so.
func readmeBlock(t *testing.T, language, start string) string {
	t.Helper()
	readme, err := os.ReadFile(filepath.Join("..", "README.md"))
	check(t, err)
	for _, block := range strings.Split(string(readme), "```") {
		content := strings.TrimPrefix(block, language+"\n")
		if content != block && strings.HasPrefix(content, start) {
			return content
		}
	}
	t.Fatalf("no block of %s in README starts with %s", language, start)
	return ""
}

// Protects: the quick start of README and its command work as they stand there, but
// for the path to the package.
func TestBuildQuickStartOfReadme(t *testing.T) {
	slow(t)
	w := newWorkspace(t, nil)
	check(t, os.WriteFile(filepath.Join(w.user, "go.mod"), []byte("module service\n\ngo 1.19\n"), 0o666))
	program := readmeBlock(t, "go", "package main")
	check(t, os.WriteFile(filepath.Join(w.user, "main.go"), []byte(program), 0o666))
	edit := readmeBlock(t, "sh", "go mod edit")
	if !strings.Contains(edit, "=/path/to/captoken/go\n") {
		t.Fatalf("README says %s", edit)
	}
	edit = strings.Replace(edit, "/path/to/captoken/go", "'"+w.captoken+"'", 1)
	path := "PATH=" + filepath.Dir(w.goTool) + string(os.PathListSeparator) + os.Getenv("PATH")
	run(t, command(w.user, []string{path}, "sh", "-euc", edit))

	before := time.Now()
	read := decode(t, strings.TrimSpace(run(t, command(w.user, nil, w.build(nil)))), "secret")
	if read.iss != accountSID || read.exp < before.Unix()+600 || read.exp > time.Now().Unix()+600 {
		t.Errorf("the claims are %+v", read)
	}
	params := permissions(t, read.scope)[1].params
	if len(params) != 1 || params[0] != (pair{"Foo", "Bar"}) {
		t.Errorf("the parameters are %v", params)
	}
}
