package s3accesslogsreceiver

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich/threat"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/nearest"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/directory"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/fleet"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/listing"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/queue"
)

// Unmarshal implements confmap.Unmarshaler. Values that YAML took for something else are
// put right. Keys that are no settings are left out, and reported by Validate with the
// nearest setting: there the collector adds the receiver's id to the message, and nothing else.
func (c *Config) Unmarshal(conf *confmap.Conf) error {
	settings, err := everySetting()
	if err != nil {
		return err
	}
	k := keys{conf: conf, settings: settings}
	if err := k.section(nil, conf.ToStringMap(), settings); err != nil {
		return err
	}
	c.wrongKeys = errors.Join(k.errs...)
	return conf.Unmarshal(c)
}

// everySetting returns the settings that there are, with values of their types. A nil or
// empty section holds what is not checked here, such as the collector's own settings.
func everySetting() (map[string]any, error) {
	c := createDefaultConfig().(*Config)
	bucket := fleet.DefaultConfig()
	bucket.Shard.Was = &listing.Share{}
	c.Bucket, c.Queue, c.Directory = configoptional.Some(bucket), configoptional.Some(queue.DefaultConfig()), configoptional.Some(directory.Config{})
	c.AWS.Roles = []s3io.Role{{}}
	c.ThreatIntel.Feeds = []FeedConfig{{FeedConfig: threat.FeedConfig{}}}
	conf := confmap.New()
	if err := conf.Marshal(c); err != nil {
		return nil, err
	}
	all := conf.ToStringMap()
	for _, source := range []string{"bucket", "queue", "directory"} {
		all[source].(map[string]any)["enabled"] = true // every Optional has it
	}
	all["threat_intel"].(map[string]any)["feeds"].([]any)[0].(map[string]any)["http"] = nil
	return all, nil
}

// keys compares a configuration with the settings that there are, and changes it.
type keys struct {
	conf     *confmap.Conf
	settings map[string]any
	errs     []error

	changes int
	inList  bool // conf cannot change below a list, but replace it
	written bool // the decoder has the text of the list's account numbers
}

// section compares what is given below a path. It changes the copy that it gets, too.
func (k *keys) section(path []string, given, known map[string]any) error {
	for _, key := range slices.Sorted(maps.Keys(given)) {
		at := append(slices.Clone(path), key)
		setting, is := known[key]
		if !is {
			k.errs = append(k.errs, k.unknown(path, key, known))
			if err := k.drop(at, given); err != nil {
				return err
			}
			continue
		}
		var err error
		switch setting := setting.(type) {
		case map[string]any:
			if below, ok := given[key].(map[string]any); ok && len(setting) > 0 {
				err = k.section(at, below, setting)
			}
		case []any:
			if elements, ok := given[key].([]any); ok && len(setting) > 0 {
				err = k.list(at, elements, setting[0])
			}
		default:
			err = k.value(at, given, setting)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// list compares the elements of a list of sections.
func (k *keys) list(path []string, elements []any, known any) error {
	setting, ok := known.(map[string]any)
	if !ok {
		return nil
	}
	before, outer := k.changes, k.inList
	k.inList, k.written = true, k.accountsAreText(path)
	for i := range elements {
		if element, ok := elements[i].(map[string]any); ok {
			if err := k.section(append(slices.Clone(path), strconv.Itoa(i)), element, setting); err != nil {
				return err
			}
		}
	}
	k.inList = outer
	if k.changes == before || k.inList {
		return nil
	}
	return k.conf.Merge(nested(path, elements))
}

// drop leaves a setting out, and keeps the section that it is in.
func (k *keys) drop(at []string, given map[string]any) error {
	k.changes++
	delete(given, at[len(at)-1])
	if k.inList {
		return nil
	}
	k.conf.Delete(joined(at))
	if section := at[:len(at)-1]; len(section) > 0 && !k.conf.IsSet(joined(section)) {
		return k.conf.Merge(nested(section, map[string]any{}))
	}
	return nil
}

// set changes a setting.
func (k *keys) set(at []string, given map[string]any, value any) error {
	k.changes++
	given[at[len(at)-1]] = value
	if k.inList {
		return nil
	}
	return k.conf.Merge(nested(at, value))
}

// nested is a configuration of one setting.
func nested(at []string, value any) *confmap.Conf {
	for _, key := range slices.Backward(at) {
		value = map[string]any{key: value}
	}
	return confmap.NewFromStringMap(value.(map[string]any))
}

// unknown says which setting a key is nearest to: one beside it, or one of that very
// name elsewhere.
func (k *keys) unknown(path []string, key string, known map[string]any) error {
	right := append(slices.Clone(path), nearest.Of(key, slices.Sorted(maps.Keys(known))))
	if nearest.Distance(key, right[len(right)-1]) > 2 {
		if elsewhere := find(nil, key, k.settings); elsewhere != nil {
			right = elsewhere
		}
	}
	what := "setting"
	if len(path) == 1 && path[0] == "metrics" {
		what = "setting or metric"
	}
	return fmt.Errorf("`%s` is no %s: the nearest is `%s`", joined(append(slices.Clone(path), key)), what, joined(right))
}

// find returns the path of a key, nil when there is none. Lists are left out.
func find(path []string, key string, settings map[string]any) []string {
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		at := append(slices.Clone(path), name)
		if strings.EqualFold(name, key) {
			return at
		}
		below, _ := settings[name].(map[string]any)
		if found := find(at, key, below); found != nil {
			return found
		}
	}
	return nil
}

func joined(path []string) string { return strings.Join(path, "::") }
