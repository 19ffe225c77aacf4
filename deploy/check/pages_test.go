package check

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	yaml "go.yaml.in/yaml/v3"
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

// commands are those of the page's shell blocks, each on one line.
func commands(t *testing.T) []string {
	t.Helper()
	text := strings.ReplaceAll(strings.Join(fenced(t, "sh"), "\n"), "\\\n", " ")
	return strings.Split(text, "\n")
}

// What a newcomer copies from the page is accepted by the template that it is meant for.
func TestPageNamesParametersThatAreThere(t *testing.T) {
	parameter := regexp.MustCompile(`(?:ParameterKey=)?(\w+)(?:,ParameterValue)?=(\S+)`)
	quotes := strings.NewReplacer("'", "", `"`, "", "$EXTERNAL_ID", externalID)
	given := map[string]map[string]string{}
	for _, command := range commands(t) {
		file := regexp.MustCompile(`--template-(?:file |body file://)deploy/aws/cloudformation/(\S+)`).FindStringSubmatch(command)
		if file == nil {
			continue
		}
		_, words, found := strings.Cut(command, " --parameter")
		require.True(t, found, command)
		given[file[1]] = map[string]string{}
		for _, one := range parameter.FindAllStringSubmatch(words, -1) {
			given[file[1]][one[1]] = quotes.Replace(one[2])
		}
		c := loadTemplate(t, file[1], given[file[1]])
		assert.NotEmpty(t, c.render())
		assert.Empty(t, c.refused(), file[1])
		assert.Contains(t, command, "--capabilities CAPABILITY_"+map[bool]string{true: "NAMED_IAM", false: "IAM"}[strings.Contains(file[1], "organization")])
	}
	require.Len(t, given, 4)
	assert.Equal(t, "my-log-bucket", given["logs.yaml"]["LogBucketName"])
	for _, name := range []string{"organization-reader.yaml", "organization-region.yaml"} {
		assert.Equal(t, given["organization.yaml"]["LogBuckets"], given[name]["LogBuckets"])
	}
	all := strings.Join(commands(t), "\n")
	for _, text := range append(fenced(t, "json"), between(t, all, "--bucket-logging-status '", "'")) {
		assert.True(t, json.Valid([]byte(text)), text)
	}
	for _, name := range regexp.MustCompile(`(?:deploy|examples)/[\w/.-]+\w`).FindAllString(all, -1) {
		read(t, name)
	}
}

// The page gives a log bucket that exists the statements of a new one.
func TestPageHasThePolicyOfTheLogBucket(t *testing.T) {
	var policy []any
	require.NoError(t, json.Unmarshal([]byte(fenced(t, "json")[0]), &policy))
	created := templatePoliciesWith(t, map[string]string{"LogBucketName": "my-log-bucket", "SourceBuckets": "my-bucket,my-other-bucket"})["bucket"]
	asOnThePage := strings.NewReplacer(logBucket, "arn:aws:s3:::my-log-bucket")
	want := map[string]statement{}
	for _, sid := range []string{"LogDelivery", "NoLogOfTheLog"} {
		s := created[sid]
		for i := range s.Resources {
			s.Resources[i] = asOnThePage.Replace(s.Resources[i])
		}
		for _, values := range s.Conditions {
			for i := range values {
				values[i] = asOnThePage.Replace(values[i])
			}
		}
		want[sid] = s
	}
	assert.Equal(t, want, statements(t, policy, placeholders))
}

// runPage runs the first shell block of the page that has a text. aws is a function in
// place of the command line.
func runPage(t *testing.T, with, aws string) string {
	t.Helper()
	for _, block := range fenced(t, "sh") {
		if strings.Contains(block, with) {
			cmd := exec.CommandContext(t.Context(), "bash", "-euc", aws+"\n"+block)
			cmd.Dir, cmd.Env = t.TempDir(), append(os.Environ(), "BUCKET=logs")
			output, err := cmd.CombinedOutput()
			require.NoError(t, err, string(output))
			return cmd.Dir
		}
	}
	require.Fail(t, "no such commands", with)
	return ""
}

// The roles that the page's commands write are those that the StackSet creates.
func TestPageWritesTheRolesOfEveryAccount(t *testing.T) {
	folder := runPage(t, "list-accounts", `aws() { printf '%s\n' 111122223333 012345678901; }`)
	text, err := os.ReadFile(filepath.Join(folder, "roles.yaml"))
	require.NoError(t, err)
	var roles []map[string]any
	require.NoError(t, yaml.Unmarshal(text, &roles), string(text))
	name := at(t, load(t, "organization-reader", usual).render()["ReaderRole"], "Properties.RoleName").(string)
	require.Len(t, roles, 2)
	for i, account := range []string{"111122223333", "012345678901"} {
		assert.Equal(t, map[string]any{
			"buckets": []any{"acme-" + account + "-*"}, "role_arn": "arn:aws:iam::" + account + ":role/" + name,
			"external_id": "${env:EXTERNAL_ID}", "expected_bucket_owner": account,
		}, roles[i])
	}
	for _, block := range fenced(t, "yaml") {
		require.Contains(t, block, "roles: ${file:roles.yaml}")
		config := strings.ReplaceAll(block, "roles.yaml", filepath.Join(folder, "roles.yaml")) + `
exporters: {nop: {}}
extensions: {file_storage: {directory: ` + folder + `}}
service: {extensions: [file_storage], pipelines: {logs: {receivers: [s3_access_logs], exporters: [nop]}}}
`
		validate(t, config, "EXTERNAL_ID=id")
	}
}

// S3 replaces all notifications of a bucket: the page's commands keep those that it has.
func TestPageKeepsTheNotificationsOfALogBucket(t *testing.T) {
	if _, err := exec.LookPath("jq"); err != nil {
		t.Skip("no jq")
	}
	const other = `{"LambdaFunctionConfigurations":[{"Id":"other"}]}`
	for with, want := range map[string]string{
		"EventBridgeConfiguration": `{"EventBridgeConfiguration":{}}`,
		"QUEUE_ARN": `{"QueueConfigurations":[{"Id":"access-logs","QueueArn":"arn:aws:sqs:us-east-1:111122223333:access-logs","Events":["s3:ObjectCreated:*"],
			"Filter":{"Key":{"FilterRules":[{"Name":"prefix","Value":"access/"}]}}}]}`,
	} {
		for _, has := range []string{"", other} {
			folder := runPage(t, with, "aws() { case $2 in get-*) printf '%s' '"+has+"';; esac; }")
			text, err := os.ReadFile(filepath.Join(folder, "notifications.json"))
			require.NoError(t, err)
			merged := map[string]any{}
			require.NoError(t, json.Unmarshal([]byte(want), &merged))
			if has != "" {
				require.NoError(t, json.Unmarshal([]byte(has), &merged))
			}
			expected, err := json.Marshal(merged)
			require.NoError(t, err)
			assert.JSONEq(t, string(expected), string(text))
		}
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
	modules := map[string]bool{}
	for _, text := range fenced(t, "hcl") {
		file, problems := hclsyntax.ParseConfig([]byte(text), page, hcl.InitialPos)
		require.False(t, problems.HasErrors(), problems.Error())
		for _, block := range file.Body.(*hclsyntax.Body).Blocks {
			if block.Type != "module" {
				continue
			}
			folder := strings.TrimPrefix(texts(t, block.Body.Attributes["source"], nil)[0], "./")
			modules[folder] = true
			blocks := module(t, folder)
			for name := range block.Body.Attributes {
				if name != "source" {
					find(t, blocks, "variable", name)
				}
			}
			for _, declared := range blocks {
				if declared.Type == "variable" && declared.Body.Attributes["default"] == nil {
					assert.Contains(t, block.Body.Attributes, declared.Labels[0], folder)
				}
			}
		}
	}
	assert.Len(t, modules, 1+len(organization))
}

// Links to files of the repository lead somewhere.
func TestPagesLinkToWhatIsThere(t *testing.T) {
	for name, folder := range map[string]string{page: "deploy/aws/", "deploy/README.md": "deploy/"} {
		for _, link := range regexp.MustCompile(`\]\(([^)#]+)(#[\w-]+)?\)`).FindAllStringSubmatch(read(t, name), -1) {
			if !strings.HasPrefix(link[1], "https://docs.aws.amazon.com/") {
				glob(t, folder+link[1])
			}
		}
		for _, link := range regexp.MustCompile(`\]\(#([\w-]+)\)`).FindAllStringSubmatch(read(t, name), -1) {
			assert.Regexp(t, `(?mi)^#+ `+strings.ReplaceAll(link[1], "-", "[ -]")+`$`, read(t, name), link[1])
		}
	}
	assert.Contains(t, read(t, "docs/sources.md"), "\n## Which source, and what it costs\n")
	assert.Contains(t, read(t, "README.md"), "\n### Permissions\n")
}

// Templates and modules refer to sections of the page that is beside their folder.
func TestTemplatesReferToSectionsThatAreThere(t *testing.T) {
	files := append(glob(t, "deploy/aws/cloudformation/*.yaml"), glob(t, "deploy/aws/terraform/*.tf")...)
	named := 0
	for _, name := range files {
		text := strings.Join(strings.Fields(read(t, strings.TrimPrefix(name, root+"/"))), " ")
		for _, section := range regexp.MustCompile(`(?:beside this folder|of the folder above), \\?"([^"\\]+)\\?"`).FindAllStringSubmatch(text, -1) {
			named++
			assert.Regexp(t, `(?m)^(#+ |\*\*)`+section[1], read(t, page), name)
		}
	}
	assert.GreaterOrEqual(t, named, 6)
}
