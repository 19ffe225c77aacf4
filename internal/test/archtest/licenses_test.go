package archtest

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The project is under Apache-2.0, and who builds, tests or packages it gets nothing with
// terms that reach further: no AGPL, GPL or SSPL.
var allowedLicenses = []string{"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BlueOak-1.0.0", "ISC", "MIT", "MPL-2.0"}

// forbiddenText is found in the texts of these licences and not in those that name them,
// as MPL-2.0 does.
var forbiddenText = regexp.MustCompile(`(?m)^\s*GNU (AFFERO )?GENERAL PUBLIC LICENSE|(?i:server side public license)|SPDX-License-Identifier: *(A?GPL|SSPL)`)

// required is a module at a version.
type required struct{ path, version string }

var (
	// A line of a go.mod: in a require block, alone, or a replacement.
	requireLine = regexp.MustCompile(`(?m)^(?:require\s+|\s+|(?:replace\s+)?.+ => )([^\s()]+\.[^\s()]+) (v[^\s)]+)`)
	gomodLine   = regexp.MustCompile(`(?m)^\s*-?\s*gomod: *(\S+) (v\S+)`)
)

func requirements(line *regexp.Regexp, text string) (all []required) {
	for _, m := range line.FindAllStringSubmatch(text, -1) {
		all = append(all, required{m[1], m[2]})
	}
	return all
}

// licenses are rows of testdata/licenses.txt: a licence by the path of modules.
type licenses map[string]string

func readLicenses(text string) (licenses, error) {
	rows := licenses{}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		words := strings.Fields(line)
		if len(words) != 2 || rows[words[1]] != "" {
			return nil, fmt.Errorf("a row has a licence and a path that no other has: %q", line)
		}
		if !slices.Contains(allowedLicenses, words[0]) {
			return nil, fmt.Errorf("%s is under %s, which is none of %v", words[1], words[0], allowedLicenses)
		}
		rows[words[1]] = words[0]
	}
	return rows, nil
}

// row returns the path of the row that a module belongs to, "" when there is none.
func (l licenses) row(module string) string {
	for at := module; at != "."; at = path.Dir(at) {
		if l[at] != "" {
			return at
		}
	}
	return ""
}

// named returns the files of a name in the repository, by path, without those that npm
// fetched.
func named(t *testing.T, name string) map[string]string {
	t.Helper()
	found := map[string]string{}
	require.NoError(t, filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if base := d.Name(); d.IsDir() && file != root && (strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || base == "node_modules") {
			return fs.SkipDir
		}
		if d.Name() == name {
			rel, err := filepath.Rel(root, file)
			if err != nil {
				return err
			}
			found[rel] = read(t, rel)
		}
		return nil
	}))
	require.NotEmpty(t, found, name)
	return found
}

// allRequired are the modules of all go.mod files and of the distribution's manifest, by
// the file that names them.
func allRequired(t *testing.T) map[string][]required {
	t.Helper()
	const manifest = "builder-config.yaml"
	all := map[string][]required{manifest: requirements(gomodLine, read(t, manifest))}
	for file, text := range named(t, "go.mod") {
		all[file] = requirements(requireLine, text)
	}
	for file, modules := range all {
		assert.NotEmpty(t, modules, file)
	}
	return all
}

func TestLicensesOfModulesAreKnown(t *testing.T) {
	rows, err := readLicenses(read(t, "internal/test/archtest/testdata/licenses.txt"))
	require.NoError(t, err)
	used := map[string]bool{}
	for file, modules := range allRequired(t) {
		for _, m := range modules {
			row := rows.row(m.path)
			used[row] = true
			assert.True(t, row != "" || strings.HasPrefix(m.path, module),
				"%s: %s %s has no row in internal/test/archtest/testdata/licenses.txt: read its licence, and add it when it is one of %v", file, m.path, m.version, allowedLicenses)
		}
	}
	for row := range rows {
		assert.True(t, used[row], "licenses.txt has a row for %s, which nothing needs any more", row)
	}
}

// What the list says is compared with the texts of those modules that were fetched.
func TestLicensesOfFetchedModules(t *testing.T) {
	cache, err := exec.CommandContext(t.Context(), "go", "env", "GOMODCACHE").Output()
	require.NoError(t, err)
	texts := 0
	for file, modules := range allRequired(t) {
		for _, m := range modules {
			dir := filepath.Join(strings.TrimSpace(string(cache)), filepath.FromSlash(escaped(m.path)+"@"+escaped(m.version)))
			entries, err := os.ReadDir(dir)
			if err != nil {
				continue // not fetched here
			}
			for _, e := range entries {
				if licenseFile.MatchString(e.Name()) && e.Type().IsRegular() {
					text, err := os.ReadFile(filepath.Join(dir, e.Name()))
					require.NoError(t, err)
					assert.False(t, forbiddenText.Match(text), "%s: %s %s is not under what licenses.txt says: read its %s", file, m.path, m.version, e.Name())
					texts++
				}
			}
		}
	}
	assert.Greater(t, texts, 50, "texts of licences in the module cache, which has at least what this test is built from")
}

var licenseFile = regexp.MustCompile(`(?i)^(licen[sc]e|copying)`)

// escaped is a module's path as the module cache writes it.
func escaped(path string) string {
	return regexp.MustCompile(`[A-Z]`).ReplaceAllStringFunc(path, func(letter string) string { return "!" + strings.ToLower(letter) })
}

func TestLicensesOfPackages(t *testing.T) {
	locks := named(t, "package-lock.json")
	for file := range named(t, "package.json") {
		lock := filepath.Join(filepath.Dir(file), "package-lock.json")
		assert.Contains(t, slices.Collect(maps.Keys(locks)), lock, "%s has no lock beside it", file)
	}
	for file, text := range locks {
		complaints, err := packagesNotAllowed(text)
		require.NoError(t, err, file)
		assert.Empty(t, complaints, file)
	}
}

// packagesNotAllowed are the packages of a package-lock.json that are not under an allowed
// licence. "" is the folder's own.
func packagesNotAllowed(lock string) (all []string, err error) {
	var content struct {
		Packages map[string]struct{ License string }
	}
	if err := json.Unmarshal([]byte(lock), &content); err != nil {
		return nil, err
	}
	if len(content.Packages) < 2 {
		return nil, fmt.Errorf("it has no packages")
	}
	for name, p := range content.Packages {
		if name != "" && !slices.Contains(allowedLicenses, p.License) {
			all = append(all, fmt.Sprintf("%s: %q", name, p.License))
		}
	}
	return all, nil
}

func TestLicensesThatAreRefused(t *testing.T) {
	const goMod = "module x\n\ngo 1.26.0\n\nrequire github.com/a/alone v1.0.0\n\nrequire (\n\tgithub.com/a/direct/v3 v3.7.8\n\tgithub.com/A/indirect v0.0.0-2026 // indirect\n)\n\n" +
		"replace github.com/a/direct/v3 => github.com/b/fork v1.0.0\n\nreplace (\n\tgithub.com/a/alone => github.com/c/fork v1.0.0\n\tgithub.com/a/x => ../x\n)\n"
	assert.ElementsMatch(t, []required{
		{"github.com/a/alone", "v1.0.0"},
		{"github.com/a/direct/v3", "v3.7.8"},
		{"github.com/A/indirect", "v0.0.0-2026"},
		{"github.com/b/fork", "v1.0.0"},
		{"github.com/c/fork", "v1.0.0"},
	}, requirements(requireLine, goMod))

	rows, err := readLicenses("# a comment\nMIT github.com/a\nApache-2.0 github.com/b/c\n")
	require.NoError(t, err)
	assert.Equal(t, "github.com/a", rows.row("github.com/a/direct/v3"))
	assert.Equal(t, "github.com/b/c", rows.row("github.com/b/c"))
	for _, unknown := range []string{"github.com/ab", "github.com/b", "github.com/b/cd", "example.com/github.com/a"} {
		assert.Empty(t, rows.row(unknown), unknown)
	}
	for _, wrong := range []string{"AGPL-3.0 github.com/grafana/loki", "GPL-3.0-only a.b/c", "SSPL-1.0 a.b/c", "MIT", "MIT a b", "MIT a\nMIT a"} {
		_, err := readLicenses(wrong)
		assert.Error(t, err, wrong)
	}

	for _, text := range []string{
		"                    GNU AFFERO GENERAL PUBLIC LICENSE\n                       Version 3, 19 November 2007",
		"\tGNU GENERAL PUBLIC LICENSE\n", "Server Side Public License\nVERSION 1", "// SPDX-License-Identifier: AGPL-3.0-only",
	} {
		assert.Regexp(t, forbiddenText, text)
	}
	assert.NotRegexp(t, forbiddenText, `"Secondary License" means either the GNU General Public License, Version 2.0, or the GNU Affero General Public License`)
	assert.NotRegexp(t, forbiddenText, "Apache License\nVersion 2.0, January 2004")

	got, err := packagesNotAllowed(`{"packages": {"": {}, "node_modules/a": {"license": "MIT"}, "node_modules/b": {"license": "AGPL-3.0-only"}, "node_modules/c": {}, "node_modules/d": {"license": "(MIT OR GPL-3.0)"}}}`)
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{`node_modules/b: "AGPL-3.0-only"`, `node_modules/c: ""`, `node_modules/d: "(MIT OR GPL-3.0)"`}, got)
	_, err = packagesNotAllowed(`{}`)
	assert.Error(t, err)
}
