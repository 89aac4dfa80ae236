package captoken_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// documentBlock returns the only block of a document in this language with this start. name
// is the document's path in the repository.
func documentBlock(t *testing.T, name, language, start string) string {
	t.Helper()
	document, err := os.ReadFile(inRepository(t, name))
	check(t, err)
	var found []string
	for _, block := range strings.Split(string(document), "\n```") {
		content := strings.TrimPrefix(block, language+"\n")
		if content != block && strings.HasPrefix(content, start) {
			found = append(found, content+"\n")
		}
	}
	if len(found) != 1 {
		t.Fatalf("%s: %d blocks of %s start with %q", name, len(found), language, start)
	}
	return found[0]
}

// Protects: the quick start of the guide and its commands work as printed, except for the
// path to the package.
func TestBuildQuickStartMintsAToken(t *testing.T) {
	slow(t)
	const guide = "docs/go.md"
	w := newWorkspace(t, nil)
	check(t, os.Remove(filepath.Join(w.user, "go.mod")))
	program := documentBlock(t, guide, "go", "package main")
	check(t, os.WriteFile(filepath.Join(w.user, "main.go"), []byte(program), 0o666))
	edit := documentBlock(t, guide, "sh", "go mod init")
	if !strings.Contains(edit, "=/path/to/captoken/go\n") {
		t.Fatalf("the command of %s is %s", guide, edit)
	}
	edit = strings.Replace(edit, "/path/to/captoken/go", "'"+w.captoken+"'", 1)
	path := "PATH=" + filepath.Dir(w.goTool) + string(os.PathListSeparator) + os.Getenv("PATH")
	run(t, command(w.user, []string{path}, "sh", "-euc", edit))

	token, from, to := printed(t, w, program)
	checkQuickStart(t, token, from+600, to+600)
}

// Protects: the function of README works as printed.
func TestBuildReadmeFunctionMintsAToken(t *testing.T) {
	slow(t)
	program := "package main\n\nimport (\n\t\"fmt\"\n\t\"log\"\n\t\"time\"\n\n\t\"captoken\"\n)\n\n" +
		documentBlock(t, "README.md", "go", "func mint()") +
		"\nfunc main() {\n\tjwt, err := mint()\n\tif err != nil {\n\t\tlog.Fatal(err)\n\t}\n" +
		"\tfmt.Println(jwt)\n}\n"
	token, from, to := printed(t, newWorkspace(t, nil), program)
	checkQuickStart(t, token, from+600, to+600)
}

// Protects: the lines of the package's README work as printed.
func TestBuildPackageReadmeMintsAToken(t *testing.T) {
	slow(t)
	program := "package main\n\nimport (\n\t\"fmt\"\n\t\"log\"\n\n\t\"captoken\"\n)\n\nfunc main() {\n" +
		documentBlock(t, "go/README.md", "go", "token, err :=") +
		"\tif err != nil {\n\t\tlog.Fatal(err)\n\t}\n\tfmt.Println(jwt)\n}\n"
	token, from, to := printed(t, newWorkspace(t, nil), program)
	read := decode(t, token, "secret")
	checkLife(t, read.exp, from+3600, to+3600)
	if read.iss != accountSID || len(permissions(t, read.scope)) != 1 {
		t.Errorf("the claims are %+v", read)
	}
}

// checkQuickStart checks the token of a quick start, and that its expiry is between two
// times.
func checkQuickStart(t *testing.T, token string, from, to int64) {
	t.Helper()
	read := decode(t, token, "secret")
	if read.iss != accountSID {
		t.Errorf("the claims are %+v", read)
	}
	checkLife(t, read.exp, from, to)
	params := permissions(t, read.scope)[1].params
	if len(params) != 1 || params[0] != (pair{"Foo", "Bar"}) {
		t.Errorf("the parameters are %v", params)
	}
}
