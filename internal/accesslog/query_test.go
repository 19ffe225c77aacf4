package accesslog

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAppendForm(t *testing.T) {
	for value, want := range map[string]string{
		"":            "",
		"plain":       "plain",
		"a+b":         "a b",
		"a%20b%2Bc":   "a b+c",
		"%41%5a%7E":   "AZ~",
		"a%2520":      "a%20", // one level
		"%ff":         "\xff",
		"50%":         "50%",
		"a+b%2":       "a+b%2", // a bad escape stops all decoding
		"%zz%20":      "%zz%20",
		"%00\x00\xff": "\x00\x00\xff",
	} {
		out, needed := AppendForm([]byte("before "), value)
		assert.Equal(t, want != value, needed, value)
		if !needed {
			want = ""
		}
		assert.Equal(t, "before "+want, string(out), value)
	}
}

func TestRefererQuery(t *testing.T) {
	for referer, want := range map[string]string{
		"":                  "",
		"https://h/a":       "",
		"https://h/?":       "",
		"https://h/?a=b&c":  "a=b&c",
		"https://h/?a?b#?c": "a?b",
		"https://h/#a?b=c":  "b=c",
		"?a":                "a",
	} {
		assert.Equal(t, want, RefererQuery(referer), referer)
	}
}

func TestFolders(t *testing.T) {
	for key, want := range map[string][]string{
		"":             {"", "", ""},
		"file":         {"", "", ""},
		"a/":           {"", "a/", "a/"},
		"a/b":          {"", "a/", "a/"},
		"a/b/c/d":      {"", "a/", "a/b/"},
		"/a/b":         {"", "/", "/a/"},
		"//":           {"", "/", "//"},
		"\u00e9/\xff/": {"", "\u00e9/", "\u00e9/\xff/"},
	} {
		for n, folders := range want {
			got, all := Folders(key, n)
			assert.Equal(t, folders, got, "%d of %q", n, key)
			assert.Equal(t, strings.Count(folders, "/") == n, all, "%d of %q", n, key)
		}
	}
}
