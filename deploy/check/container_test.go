package check

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	yaml "go.yaml.in/yaml/v3"
)

// instructions returns those of the Dockerfile, each a word and the rest of its line.
func instructions(t *testing.T) [][2]string {
	t.Helper()
	var all [][2]string
	for line := range strings.Lines(strings.ReplaceAll(read(t, "deploy/container/Dockerfile"), "\\\n", "")) {
		if word, rest, found := strings.Cut(strings.TrimSpace(line), " "); found && word != "#" {
			all = append(all, [2]string{word, rest})
		}
	}
	require.NotEmpty(t, all)
	return all
}

// BuildKit fills in the platform of arguments that have no default; with one, each platform
// gets the default's binary.
func TestImageIsBuiltForItsPlatform(t *testing.T) {
	platform, declared := regexp.MustCompile(`^(TARGET|BUILD)(OS|ARCH|PLATFORM|VARIANT)\b`), []string{}
	for _, one := range instructions(t) {
		switch {
		case one[0] == "ARG" && platform.MatchString(one[1]):
			assert.NotContains(t, one[1], "=")
			declared = append(declared, one[1])
		case one[0] == "RUN" && strings.Contains(one[1], "-o /out/"):
			assert.Contains(t, one[1], "GOOS=$TARGETOS GOARCH=$TARGETARCH go build ")
			assert.Contains(t, one[1], "CGO_ENABLED=0", "there is no C library in the image")
		case one[0] == "FROM" && strings.HasSuffix(one[1], " AS build"):
			assert.Contains(t, one[1], "--platform=$BUILDPLATFORM ", "it cross-compiles")
		}
	}
	assert.ElementsMatch(t, []string{"TARGETOS", "TARGETARCH"}, declared)
}

// What is copied is there and not left out, the user owns the state folder, and the image
// starts as the unit does, with a configuration that needs variables only.
func TestImageStartsAsTheUnitDoes(t *testing.T) {
	ignored := strings.Fields(read(t, "deploy/container/Dockerfile.dockerignore"))
	said := map[string][]string{}
	for _, one := range instructions(t) {
		said[one[0]] = append(said[one[0]], one[1])
		words := slices.DeleteFunc(strings.Fields(one[1]), func(word string) bool { return strings.HasPrefix(word, "--") })
		if one[0] != "COPY" || strings.HasPrefix(words[0], "/out/") {
			continue
		}
		source := strings.TrimPrefix(words[0], "/src/")
		_, err := os.Stat(filepath.Join(root, source))
		assert.NoError(t, err)
		for _, pattern := range ignored {
			matches, err := filepath.Match(pattern, strings.Split(source, "/")[0])
			require.NoError(t, err)
			assert.False(t, matches && source != ".", "%s is left out by %s", source, pattern)
		}
	}
	user := said["USER"]
	require.Len(t, user, 1)
	assert.Regexp(t, `^\d+:\d+$`, user[0], "Kubernetes can tell that it is not root")
	state := said["VOLUME"]
	require.Len(t, state, 1)
	assert.Contains(t, said["COPY"], "--from=build --chown="+user[0]+" /out/state "+state[0])
	assert.Contains(t, read(t, "deploy/systemd/config.yaml"), "${env:STATE_DIRECTORY:-"+state[0]+"}")

	var entry, arguments []string
	require.NoError(t, yaml.Unmarshal([]byte(said["ENTRYPOINT"][0]), &entry))
	require.NoError(t, yaml.Unmarshal([]byte(said["CMD"][0]), &arguments))
	assert.Equal(t, strings.Fields(unit(t)["ExecStart"]), append(entry, arguments...))
	assert.Contains(t, said["COPY"], "--from=build /src/deploy/systemd/config.yaml "+arguments[1])
}
