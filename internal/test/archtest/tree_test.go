package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	root   = "../../.."
	module = "github.com/otelcol-s3audit/otelcol-s3audit"
)

// file is a Go file of this module.
type file struct {
	path    string // from the root, with slashes
	syntax  *ast.File
	imports []string
	lines   int
}

func (f *file) pkg() string     { return path.Dir(f.path) }
func (f *file) test() bool      { return strings.HasSuffix(f.path, "_test.go") }
func (f *file) generated() bool { return ast.IsGenerated(f.syntax) }

// files returns all Go files of this module; internal/tools is another one.
func files(t *testing.T) []*file {
	t.Helper()
	var all []*file
	require.NoError(t, filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			base := d.Name()
			if name != root && (strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || base == "testdata") {
				return fs.SkipDir
			}
			return nil
		}
		if strings.HasSuffix(name, ".go") {
			all = append(all, parse(t, name))
		}
		return nil
	}))
	require.NotEmpty(t, all)
	return all
}

func parse(t *testing.T, name string) *file {
	t.Helper()
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	syntax, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ImportsOnly|parser.ParseComments)
	require.NoError(t, err)
	rel, err := filepath.Rel(root, name)
	require.NoError(t, err)
	f := &file{path: filepath.ToSlash(rel), syntax: syntax, lines: strings.Count(string(text), "\n")}
	for _, spec := range syntax.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		require.NoError(t, err)
		f.imports = append(f.imports, imported)
	}
	return f
}
