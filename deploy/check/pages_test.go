package check

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const page = "deploy/aws/README.md"

// fenced returns the blocks of a language in the page.
func fenced(t *testing.T, language string) []string {
	t.Helper()
	blocks := regexp.MustCompile("(?ms)^ *```"+language+"$(.*?)^ *```$").FindAllStringSubmatch(read(t, page), -1)
	require.NotEmpty(t, blocks, language)
	var out []string
	for _, block := range blocks {
		out = append(out, block[1])
	}
	return out
}

// What a newcomer copies from the page is taken by what it is meant for.
func TestPageNamesParametersThatAreThere(t *testing.T) {
	commands := strings.Join(fenced(t, "sh"), "\n")
	parameters := map[string]string{}
	_, given, found := strings.Cut(commands, "--parameter-overrides")
	require.True(t, found)
	given, _, _ = strings.Cut(given, "\naws ")
	for _, word := range strings.Fields(given) {
		if name, value, is := strings.Cut(word, "="); is {
			parameters[name] = value
		}
	}
	require.Len(t, parameters, 3)
	all := loadTemplate(t, "logs.yaml", parameters).render()
	assert.Equal(t, "my-log-bucket", at(t, all["LogBucket"], "Properties.BucketName"))

	for _, text := range append(fenced(t, "json"), between(t, commands, "--bucket-logging-status '", "'")) {
		assert.True(t, json.Valid([]byte(text)), text)
	}
	for _, name := range regexp.MustCompile(`(?:deploy|examples)/[\w/.-]+\w`).FindAllString(commands, -1) {
		read(t, name)
	}
}

func between(t *testing.T, text, begin, end string) string {
	t.Helper()
	_, text, found := strings.Cut(text, begin)
	require.True(t, found, begin)
	text, _, found = strings.Cut(text, end)
	require.True(t, found, end)
	return text
}

func TestPageNamesVariablesThatAreThere(t *testing.T) {
	file, problems := hclsyntax.ParseConfig([]byte(fenced(t, "hcl")[0]), page, hcl.InitialPos)
	require.False(t, problems.HasErrors(), problems.Error())
	module := find(t, file.Body.(*hclsyntax.Body).Blocks, "module", "s3_access_logs")
	blocks := terraform(t)
	for name := range module.Attributes {
		if name != "source" {
			find(t, blocks, "variable", name)
		}
	}
	for _, block := range blocks {
		if block.Type == "variable" && block.Body.Attributes["default"] == nil {
			assert.Contains(t, module.Attributes, block.Labels[0])
		}
	}
}

// Links to files of the repository lead somewhere.
func TestPagesLinkToWhatIsThere(t *testing.T) {
	for name, folder := range map[string]string{page: "deploy/aws/", "deploy/README.md": "deploy/"} {
		for _, link := range regexp.MustCompile(`\]\(([^)#]+)(#[\w-]+)?\)`).FindAllStringSubmatch(read(t, name), -1) {
			glob(t, folder+link[1])
		}
	}
	for _, anchor := range []string{"## Which source, and what it costs", "## Permissions"} {
		assert.Contains(t, read(t, "README.md"), "\n"+anchor+"\n")
	}
}
