package archtest

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	shellBlock = regexp.MustCompile("(?ms)^ *```sh\n(.*?)^ *```$")
	indented   = regexp.MustCompile(`(?m)^    ((?:cd|make|go|benchstat|bin/\S+|[A-Z_]+=\S+) .+)$`)
	span       = regexp.MustCompile("`([^`\n]+)`")
	variables  = regexp.MustCompile(`^(?:[A-Z_]+=\S+ )*`)

	programs = regexp.MustCompile(`^(?:make|go|cd|\.ci/run|(?:bin/)?otelcol-s3audit|aws|kubectl|helm|docker|systemctl|dpkg|rpm) `)
	// elsewhere are programs that act on what a test's machine does not have.
	elsewhere = regexp.MustCompile(`(?m)(?:^|[|;]) *(?:aws|kubectl|helm|docker) `)
	needs     = regexp.MustCompile(`needs? (?:AWS|a cluster|a container engine)`)

	targets  = regexp.MustCompile(`(?:^|&& |; )make((?: [a-z][a-z-]*)+)`)
	ourPath  = regexp.MustCompile(`(?:^|[ =/])((?:\./)?(?:examples|deploy|testdata|docs|dashboards|internal|receiver|exporter|extension|converter|\.ci)/[\w./*-]+)`)
	goTest   = regexp.MustCompile(`go test .*?(\./[\w/]+)`)
	selected = regexp.MustCompile(`-(?:run|bench) '?([\w|]+)'?`)
	tests    = regexp.MustCompile(`(?m)^func (?:Test|Benchmark)(\w+)`)
)

// commands returns the shell commands that a page shows: in blocks, one a line, and in
// its text.
func commands(t *testing.T, page string) (all []string) {
	t.Helper()
	text := read(t, page)
	for _, block := range shellBlock.FindAllStringSubmatch(text, -1) {
		for line := range strings.Lines(strings.ReplaceAll(block[1], "\\\n", " ")) {
			line, _, _ = strings.Cut(line, " # ")
			all = append(all, strings.TrimSpace(line))
		}
	}
	text = code.ReplaceAllString(text, "")
	for _, m := range indented.FindAllStringSubmatch(text, -1) {
		all = append(all, m[1])
	}
	for _, m := range span.FindAllStringSubmatch(text, -1) {
		if programs.MatchString(variables.ReplaceAllString(m[1], "")) {
			all = append(all, m[1])
		}
	}
	return all
}

// What a command of a page names is there: targets of make, files, and the tests that it
// selects.
func TestCommandsOfPagesNameWhatIsThere(t *testing.T) {
	makefile := read(t, "Makefile")
	n := 0
	for _, page := range pages(t) {
		for _, command := range commands(t, page) {
			for _, m := range targets.FindAllStringSubmatch(command, -1) {
				for _, target := range strings.Fields(m[1]) {
					n++
					assert.Contains(t, makefile, "\n"+target+":", "%s: %s", page, command)
				}
			}
			in := ""
			if folder, found := strings.CutPrefix(command, "cd "); found {
				in, _, _ = strings.Cut(folder, " ")
			}
			for _, m := range ourPath.FindAllStringSubmatch(command, -1) {
				n++
				assert.True(t, there(t, m[1]) || there(t, in+"/"+m[1]), "%s: %s", page, command)
			}
			of := goTest.FindStringSubmatch(command)
			if of == nil || strings.HasSuffix(command, "...") {
				continue
			}
			for _, m := range selected.FindAllStringSubmatch(command, -1) {
				for name := range strings.SplitSeq(m[1], "|") {
					n++
					assert.True(t, hasTest(t, filepath.Join(in, of[1]), name), "%s: %s: no test %s", page, command, name)
				}
			}
		}
	}
	assert.Greater(t, n, 60)
}

func there(t *testing.T, name string) bool {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(strings.TrimSuffix(name, "/..."))))
	require.NoError(t, err)
	return len(found) > 0
}

// hasTest reports whether a folder has a test or benchmark whose name has the part.
func hasTest(t *testing.T, folder, part string) bool {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(root, folder, "*_test.go"))
	require.NoError(t, err)
	return slices.ContainsFunc(found, func(file string) bool {
		name, err := filepath.Rel(root, file)
		require.NoError(t, err)
		return slices.ContainsFunc(tests.FindAllStringSubmatch(read(t, name), -1), func(m []string) bool {
			return strings.Contains(m[0], part)
		})
	})
}

// Commands of pages are run by tests, or say what they need that a test does not have.
func TestCommandsThatNoTestRunsSayWhatTheyNeed(t *testing.T) {
	marked := 0
	for _, page := range pages(t) {
		text := read(t, page)
		for _, block := range shellBlock.FindAllStringSubmatch(text, -1) {
			if elsewhere.MatchString(block[1]) || strings.Contains(block[1], "amazonaws.com") {
				first, _, _ := strings.Cut(strings.TrimSpace(block[1]), "\n")
				assert.True(t, strings.HasPrefix(first, "# ") && needs.MatchString(first), "%s: %s", page, block[1])
				marked++
			}
		}
		for _, m := range span.FindAllStringSubmatch(code.ReplaceAllString(text, ""), -1) {
			if elsewhere.MatchString(m[1]) && strings.Contains(m[1], " --") {
				assert.Regexp(t, needs, text, "%s: %s", page, m[1])
				marked++
			}
		}
	}
	assert.Greater(t, marked, 10)
}

// Who tries the collector waits for nothing that it does not need.
func TestRunBuildsNoToolButTheBuilder(t *testing.T) {
	command := exec.CommandContext(t.Context(), "make", "-n", "run", "BIN="+t.TempDir())
	command.Dir = root
	output, err := command.CombinedOutput()
	require.NoError(t, err, string(output))
	var installs []string
	for line := range strings.Lines(string(output)) {
		if strings.Contains(line, "go install") {
			installs = append(installs, line)
		}
	}
	require.Len(t, installs, 1, string(output))
	assert.Contains(t, installs[0], "go install go.opentelemetry.io/collector/cmd/builder\n")
}
