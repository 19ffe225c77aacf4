package s3accesslogsreceiver

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/confmap"
)

// Settings of these names are times, or numbers of accounts.
var (
	timeSettings    = []string{"start_from", "until", "since", "added_after"}
	accountSettings = []string{"expected_bucket_owner"}
)

// value compares a value with one of the setting's type. One that YAML took for something
// else is put right, one of another type reported.
func (k *keys) value(at []string, given map[string]any, setting any) error {
	name := at[len(at)-1]
	value := given[name]
	if slices.Contains(accountSettings, name) {
		return k.account(at, given)
	}
	_, isText := value.(string)
	switch setting := setting.(type) {
	case ByteSize:
	case time.Duration:
		return k.duration(at, given)
	case bool:
		if _, ok := value.(bool); !ok && value != nil {
			return k.complain(at, given, fmt.Sprintf("is %q: it must be true or false", fmt.Sprint(value)))
		}
	case int:
		if _, ok := value.(bool); ok || isText {
			return k.complain(at, given, fmt.Sprintf("is %q: it must be a number, without quotes", fmt.Sprint(value)))
		}
	default:
		if reflect.ValueOf(setting).Kind() == reflect.String {
			return k.string(at, given)
		}
	}
	return nil
}

// duration reads days too.
func (k *keys) duration(at []string, given map[string]any) error {
	text, ok := given[at[len(at)-1]].(string)
	if !ok {
		return nil
	}
	if hours, ok := inHours(text); ok {
		return k.set(at, given, hours)
	}
	if _, err := time.ParseDuration(text); err != nil {
		return k.complain(at, given, fmt.Sprintf("is %q: it must be a duration such as 90s, 5m, 12h or 7d", text))
	}
	return nil
}

// string reads times and days where they may be, and reports what YAML takes for
// something else than a string.
func (k *keys) string(at []string, given map[string]any) error {
	name := at[len(at)-1]
	isTime := slices.Contains(timeSettings, name)
	switch value := given[name].(type) {
	case nil:
	case string:
		if date, err := time.Parse(time.DateOnly, value); err == nil && isTime {
			return k.set(at, given, date.Format(time.RFC3339))
		}
		if hours, ok := inHours(value); ok && name == "start_from" {
			return k.set(at, given, hours)
		}
	case time.Time:
		if isTime { // 2026-11-22T00:00:00Z, without quotes
			return k.set(at, given, value.Format(time.RFC3339))
		}
		return k.notText(at, given)
	case map[string]any, []any:
		return k.complain(at, given, "must be a text")
	default:
		return k.notText(at, given)
	}
	return nil
}

// notText reports a value that is no text, unless the decoder has its text.
func (k *keys) notText(at []string, given map[string]any) error {
	if k.inList || len(at) < 2 || k.text(at) {
		return nil
	}
	return k.complain(at, given, "is no text, as YAML reads it: put it in quotes")
}

// complain reports a wrong value, and leaves it out.
func (k *keys) complain(at []string, given map[string]any, what string) error {
	k.errs = append(k.errs, fmt.Errorf("`%s` %s", joined(at), what))
	return k.drop(at, given)
}

// account takes a number without quotes if it has the digits that it was written with.
func (k *keys) account(at []string, given map[string]any) error {
	value := given[at[len(at)-1]]
	if _, ok := value.(string); ok || value == nil {
		return nil
	}
	if k.inList && k.written || !k.inList && k.text(at) {
		return nil
	}
	if number, ok := value.(int); ok && number > 0 && len(strconv.Itoa(number)) == len("111122223333") {
		return k.set(at, given, strconv.Itoa(number))
	}
	return k.complain(at, given, "is a number, which YAML may have changed: put it in quotes, as in \"012345678901\"")
}

// accountsAreText reports whether the decoder has the text of all account numbers in a
// list, as text does for a single value.
func (k *keys) accountsAreText(list []string) bool {
	section, name, ok := k.alone(list)
	if !ok {
		return false
	}
	var decoded map[string][]struct {
		Account string `mapstructure:"expected_bucket_owner"`
	}
	return section.Unmarshal(&decoded, confmap.WithIgnoreUnused()) == nil && len(decoded[name]) > 0
}

// text reports whether the decoder has a value's text as it was written, as it has that of
// an environment variable.
func (k *keys) text(at []string) bool {
	section, name, ok := k.alone(at)
	if !ok {
		return false
	}
	var texts map[string]string
	return section.Unmarshal(&texts) == nil && texts[name] != ""
}

// alone returns a section with nothing but one of its settings.
func (k *keys) alone(at []string) (section *confmap.Conf, name string, ok bool) {
	name = at[len(at)-1]
	if len(at) < 2 || k.inList {
		return nil, name, false
	}
	section, err := k.conf.Sub(joined(at[:len(at)-1]))
	if err != nil {
		return nil, name, false
	}
	for key := range section.ToStringMap() {
		if key != name {
			section.Delete(key)
		}
	}
	return section, name, true
}

const day = 24 * time.Hour

// inHours returns a duration that begins with days, 7d or 1d12h, as one that Go reads.
func inHours(text string) (string, bool) {
	number, rest, ok := strings.Cut(text, "d")
	if !ok {
		return "", false
	}
	days, err := strconv.ParseUint(number, 10, 16)
	if err != nil {
		return "", false
	}
	if rest == "" {
		rest = "0s"
	}
	more, err := time.ParseDuration(rest)
	if err != nil || more < 0 || more > day {
		return "", false
	}
	return (time.Duration(days)*day + more).String(), true
}
