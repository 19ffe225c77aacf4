package check

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/zclconf/go-cty/cty"
)

// terraform returns the top-level blocks of the module for one account and Region.
func terraform(t testing.TB) hclsyntax.Blocks {
	t.Helper()
	return module(t, "deploy/aws/terraform")
}

// module returns the top-level blocks of a folder.
func module(t testing.TB, folder string) hclsyntax.Blocks {
	t.Helper()
	var all hclsyntax.Blocks
	for _, name := range glob(t, folder+"/*.tf") {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		file, problems := hclsyntax.ParseConfig(text, filepath.Base(name), hcl.InitialPos)
		require.False(t, problems.HasErrors(), problems.Error())
		all = append(all, file.Body.(*hclsyntax.Body).Blocks...)
	}
	return all
}

func TestTerraformIsFormatted(t *testing.T) {
	for _, name := range append(glob(t, "deploy/aws/terraform/*.tf"), glob(t, "deploy/aws/terraform/*/*.tf")...) {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		assert.Equal(t, string(hclwrite.Format(text)), string(text), name)
	}
}

func TestTerraformRefersToWhatIsThere(t *testing.T) {
	folders := []string{"deploy/aws/terraform"}
	for name := range organization {
		folders = append(folders, "deploy/aws/terraform/"+name)
	}
	require.Len(t, glob(t, "deploy/aws/terraform/*/versions.tf"), len(organization))
	for _, folder := range folders {
		t.Run(filepath.Base(folder), func(t *testing.T) { refersToWhatIsThere(t, module(t, folder)) })
	}
}

func refersToWhatIsThere(t *testing.T, blocks hclsyntax.Blocks) {
	t.Helper()
	declared, used := map[string]bool{}, map[string]bool{}
	for _, block := range blocks {
		switch block.Type {
		case "variable":
			declared["var."+block.Labels[0]] = true
			for _, attribute := range []string{"type", "description"} {
				assert.Contains(t, block.Body.Attributes, attribute, block.Labels[0])
			}
		case "locals":
			for name := range block.Body.Attributes {
				declared["local."+name] = true
			}
		case "resource":
			declared[strings.Join(block.Labels, ".")] = true
		case "data":
			declared["data."+strings.Join(block.Labels, ".")] = true
		case "output":
			assert.Contains(t, block.Body.Attributes, "description", block.Labels[0])
		default:
			assert.Equal(t, "terraform", block.Type)
		}
	}
	for _, block := range blocks {
		if block.Type == "variable" {
			references(t, block.Body, []string{"string", "number", "bool", "map", "list"}, used)
			continue
		}
		references(t, block.Body, []string{"each"}, used)
	}
	for name := range used {
		assert.True(t, declared[name], "%s is declared nowhere", name)
	}
	for name := range declared {
		kind, _, _ := strings.Cut(name, ".")
		if kind == "var" || kind == "local" || kind == "data" {
			assert.True(t, used[name], "%s is used nowhere", name)
		}
	}
}

// references collects the names that a body refers to: var.x, local.x, type.x and
// data.type.x. known are others that may stand there.
func references(t *testing.T, body *hclsyntax.Body, known []string, into map[string]bool) {
	t.Helper()
	for _, attribute := range body.Attributes {
		for _, traversal := range attribute.Expr.Variables() {
			if slices.Contains(known, traversal.RootName()) {
				continue
			}
			length := 2
			if traversal.RootName() == "data" {
				length = 3
			}
			if !assert.GreaterOrEqual(t, len(traversal), length, "%s", attribute.SrcRange) {
				continue
			}
			parts := []string{traversal.RootName()}
			for _, step := range traversal[1:length] {
				name, ok := step.(hcl.TraverseAttr)
				require.True(t, ok, "%s", attribute.SrcRange)
				parts = append(parts, name.Name)
			}
			into[strings.Join(parts, ".")] = true
		}
	}
	for _, block := range body.Blocks {
		known := known
		if block.Type == "dynamic" {
			known = append(slices.Clone(known), block.Labels[0])
		}
		references(t, block.Body, known, into)
	}
}

// find returns a block by its type and labels.
func find(t testing.TB, blocks hclsyntax.Blocks, kind string, labels ...string) *hclsyntax.Body {
	t.Helper()
	for _, block := range blocks {
		if block.Type == kind && slices.Equal(block.Labels, labels) {
			return block.Body
		}
	}
	require.Fail(t, "there is no "+kind, "%v", labels)
	return nil
}

func TestTerraformHasEveryLayout(t *testing.T) {
	logging := find(t, terraform(t), "resource", "aws_s3_bucket_logging", "source")
	format := find(t, logging.Blocks, "target_object_key_format")
	for layout, want := range map[string]string{
		"simple": "", "partitioned-by-event-time": "EventTime", "partitioned-by-delivery-time": "DeliveryTime",
	} {
		context := variables(map[string]map[string]cty.Value{"each": {"value": cty.StringVal(layout)}})
		simple, partitioned := find(t, format.Blocks, "dynamic", "simple_prefix"), find(t, format.Blocks, "dynamic", "partitioned_prefix")
		assert.Equal(t, want == "", happens(t, simple, context), layout)
		require.Equal(t, want != "", happens(t, partitioned, context), layout)
		if want != "" {
			date := find(t, partitioned.Blocks, "content").Attributes["partition_date_source"]
			got, problems := date.Expr.Value(context)
			require.False(t, problems.HasErrors(), problems.Error())
			assert.Equal(t, want, got.AsString())
		}
	}
}

// variables are what expressions refer to.
func variables(names map[string]map[string]cty.Value) *hcl.EvalContext {
	context := &hcl.EvalContext{Variables: map[string]cty.Value{}}
	for name, of := range names {
		context.Variables[name] = cty.ObjectVal(of)
	}
	return context
}

// happens reports whether a dynamic block is made.
func happens(t testing.TB, dynamic *hclsyntax.Body, context *hcl.EvalContext) bool {
	t.Helper()
	value, problems := dynamic.Attributes["for_each"].Expr.Value(context)
	require.False(t, problems.HasErrors(), problems.Error())
	return value.LengthInt() > 0
}
