package check

import (
	"maps"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	yaml "go.yaml.in/yaml/v3"
)

const (
	docs    = "/usr/share/doc/otelcol-s3audit/"
	manPage = "deploy/packages/otelcol-s3audit.1"
)

// packaged returns the types of the files and folders that the packages hold, by path.
func packaged(t *testing.T) map[string]string {
	t.Helper()
	var recipe struct {
		Contents []struct{ Src, Dst, Type string }
		Scripts  map[string]string
	}
	require.NoError(t, yaml.Unmarshal([]byte(read(t, "deploy/packages/nfpm.yaml")), &recipe))
	holds := map[string]string{}
	for _, content := range recipe.Contents {
		switch {
		case content.Type == "dir" || strings.HasPrefix(content.Src, "$"):
			holds[content.Dst] = content.Type
		case strings.Contains(content.Src, "*"):
			for _, file := range glob(t, content.Src) {
				holds[content.Dst+filepath.Base(file)] = content.Type
			}
		default:
			assert.FileExists(t, filepath.Join(root, content.Src))
			holds[content.Dst] = content.Type
		}
	}
	for _, script := range recipe.Scripts {
		assert.FileExists(t, filepath.Join(root, script))
	}
	return holds
}

// What the unit starts and reads is what the package holds.
func TestPackageHoldsWhatTheUnitNeeds(t *testing.T) {
	holds := packaged(t)
	u := unit(t)
	start := strings.Fields(u["ExecStart"])
	require.Len(t, start, 4)
	assert.Equal(t, "--feature-gates=+extension.healthcheck.useComponentStatus", start[3])
	assert.Contains(t, holds, start[0])
	assert.Equal(t, "config|noreplace", holds[start[2]])
	assert.Equal(t, "config|noreplace", holds[strings.TrimPrefix(u["EnvironmentFile"], "-")])
	for _, page := range strings.Fields(u["Documentation"]) {
		kind, name, _ := strings.Cut(page, ":")
		if kind == "man" {
			name = "/usr/share/man/man1/" + strings.Replace(name, "(1)", ".1.gz", 1)
		}
		assert.Contains(t, holds, name)
	}
	assert.Contains(t, read(t, "deploy/systemd/otelcol-s3audit.sysusers"), "u "+u["User"]+" ")
	assert.Equal(t, "d /var/lib/"+u["StateDirectory"]+" "+u["StateDirectoryMode"]+" "+u["User"]+" "+u["Group"]+" -\n",
		read(t, "deploy/systemd/otelcol-s3audit.tmpfiles"))
	assert.Equal(t, "GOGC=400 GOMEMLIMIT=400MiB", u["Environment"], "as it was measured")
	assert.Equal(t, "512M", u["MemoryMax"])
}

// A link between pages of the package leads to a file that is in it, unless it leads to what
// is for those who work on the repository or set up AWS and Kubernetes.
func TestLinksOfPackagedPagesLeadSomewhere(t *testing.T) {
	elsewhere := regexp.MustCompile(`^(deploy|internal)/|^(ARCHITECTURE|CONTRIBUTING)\.md$`)
	link := regexp.MustCompile(`\]\(([^)#:]+)[^):]*\)`)
	holds := packaged(t)
	checked := 0
	for _, name := range slices.Sorted(maps.Keys(holds)) {
		page, ours := strings.CutPrefix(name, docs)
		if !ours || path.Ext(page) != ".md" {
			continue
		}
		for _, match := range link.FindAllStringSubmatch(read(t, page), -1) {
			target := path.Join(path.Dir(page), match[1])
			if target == "LICENSE" {
				target = "copyright"
			}
			if !elsewhere.MatchString(target) && !elsewhere.MatchString(target+"/") {
				_, there := holds[docs+target]
				assert.True(t, there, "%s leads to %s", page, target)
				checked++
			}
		}
	}
	assert.Greater(t, checked, 20)
}

// What the man page names is there: commands, options, variables and files.
func TestManPageTellsWhatIsThere(t *testing.T) {
	page := read(t, manPage)
	named := func(macro string) []string {
		var all []string
		for _, match := range regexp.MustCompile(`(?m)^\.(?:It )?`+macro+` (\S+)`).FindAllStringSubmatch(page, -1) {
			all = append(all, match[1])
		}
		require.NotEmpty(t, all, macro)
		return all
	}
	output, err := exec.CommandContext(t.Context(), program(t), "--help").CombinedOutput()
	require.NoError(t, err)
	for _, command := range named("Cm") {
		assert.Regexp(t, `(?m)^  `+command+` `, string(output))
	}
	for _, option := range named("Fl") {
		assert.Contains(t, string(output), " -"+option+" ")
	}
	inConfig := regexp.MustCompile(`\$\{env:(\w+)`).FindAllStringSubmatch(read(t, "deploy/systemd/config.yaml"), -1)
	for _, match := range inConfig {
		assert.Contains(t, named("Ev"), match[1])
	}
	for _, name := range environment(t) {
		assert.Contains(t, named("Ev"), name)
	}
	holds := packaged(t)
	holds["./logs"], holds["report.html"] = "an example's", "an example's"
	holds["otelcol-s3audit.service"] = "the unit"
	holds[strings.Fields(read(t, "deploy/systemd/otelcol-s3audit.tmpfiles"))[1]] = "made"
	for _, file := range named("Pa") {
		assert.Contains(t, holds, file)
	}
}

// The formatter of BSD has nothing to say about the man page.
func TestManPageIsWellFormed(t *testing.T) {
	mandoc, err := exec.LookPath("mandoc")
	if err != nil {
		t.Skip("there is no mandoc")
	}
	output, err := exec.CommandContext(t.Context(), mandoc, "-T", "lint", "-W", "style", filepath.Join(root, manPage)).Output()
	assert.NoError(t, err)
	assert.Empty(t, string(output))
}
