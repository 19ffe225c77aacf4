package s3io

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// listOf is a list as S3 writes it, that holds these elements.
func listOf(elements string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">` +
		`<Name>logs</Name><IsTruncated>false</IsTruncated>` + elements + `</ListBucketResult>`
}

func object(key string) string {
	return `<Contents><Key>` + key + `</Key><LastModified>2026-11-22T10:20:30.000Z</LastModified>` +
		`<ETag>&quot;e&quot;</ETag><Size>5</Size></Contents>`
}

func folder(prefix string) string {
	return `<CommonPrefixes><Prefix>` + prefix + `</Prefix></CommonPrefixes>`
}

func listed(t *testing.T, in ListInput, body string) (Page, error) {
	t.Helper()
	in.Bucket = "logs"
	return answered(t, always(http.StatusOK, func() io.Reader { return strings.NewReader(body) })).List(t.Context(), in)
}

// The SDK takes each of these for an empty list, which would be the end of what
// is listed.
func TestOnlyAListIsAList(t *testing.T) {
	name, ended := `<Name>b</Name>`, `<IsTruncated>false</IsTruncated>`
	for what, c := range map[string]struct{ body, says string }{
		"empty":                {"", "empty body"},
		"blank":                {" \r\n", "empty body"},
		"JSON":                 {`{"Name":"b","IsTruncated":false}`, "JSON"},
		"text":                 {"come back later", "neither XML nor JSON"},
		"HTML":                 {"<!DOCTYPE html>\n<html><head><br></head></html>", "HTML page"},
		"HTML without doctype": {"<HTML><body>sign in</body></HTML>", "HTML page"},
		"another root":         {`<ListAllMyBucketsResult>` + name + ended + `</ListAllMyBucketsResult>`, `XML with root "ListAllMyBucketsResult"`},
		"cut in the head":      {`<?xml version="1.0"`, "XML"},
		"cut in a key":         {`<ListBucketResult>` + name + ended + `<Contents><Key>p/a`, "cut off"},
		"cut behind an object": {strings.TrimSuffix(listOf(object("p/a")), "</ListBucketResult>"), "cut off"},
		"cut in the last tag":  {strings.TrimSuffix(listOf(object("p/a")), ">"), "cut off"},
		"damaged":              {`<ListBucketResult>` + name + ended + `<Contents></Key></ListBucketResult>`, "damaged"},
		"more behind it":       {listOf("") + "<html/>", "something is behind its end"},
		"text behind it":       {listOf("") + "x", "something is behind its end"},
		"twice":                {listOf("") + listOf(""), "something is behind its end"},
		"text before it":       {"x" + listOf(""), "neither XML nor JSON"},
		"no name":              {`<ListBucketResult>` + ended + `</ListBucketResult>`, "Name is missing"},
		"no end":               {`<ListBucketResult>` + name + `</ListBucketResult>`, "IsTruncated is missing"},
		"unclear end":          {`<ListBucketResult>` + name + `<IsTruncated>perhaps</IsTruncated></ListBucketResult>`, `IsTruncated is "perhaps"`},
		"nowhere to go on":     {`<ListBucketResult>` + name + `<IsTruncated>true</IsTruncated></ListBucketResult>`, "no NextContinuationToken"},
		"another prefix":       {listOf(`<Prefix>q/</Prefix>`), `it is of prefix "q/"`},
		"other keys":           {listOf(object("q/a") + object("q/b")), `other keys only, such as "q/a"`},
		"other folders":        {listOf(folder("x/")), `other keys only, such as "x/"`},
	} {
		t.Run(what, func(t *testing.T) {
			page, err := listed(t, ListInput{Prefix: "p/", Delimiter: "/"}, c.body)
			require.ErrorIs(t, err, source.ErrUnreachable)
			require.NotErrorIs(t, err, ErrToken)
			assert.Empty(t, page)
			for _, part := range []string{"s3://logs/p/", c.says, "check aws.endpoint and proxies"} {
				assert.Contains(t, err.Error(), part)
			}
			t.Log(err)
		})
	}
}

func TestListsOfOtherServers(t *testing.T) {
	for what, body := range map[string]string{
		"no namespace":      `<ListBucketResult><Name>x</Name><IsTruncated>false</IsTruncated>` + object("p/a") + `</ListBucketResult>`,
		"another namespace": `<s:ListBucketResult xmlns:s="urn:x"><s:Name/><s:IsTruncated>False</s:IsTruncated>` + object("p/a") + `</s:ListBucketResult>`,
		"a byte order mark": "\ufeff" + listOf(object("p/a")),
		"a comment":         `<!-- a -->` + listOf(object("p/a")) + "\n<!-- b -->\n",
		"its prefix":        listOf(`<Prefix>p/</Prefix>` + object("p/a")),
		"its prefix, coded": listOf(`<EncodingType>url</EncodingType><Prefix>p%2F</Prefix>` + object("p/a")),
		"empty entries":     listOf(`<Contents/><CommonPrefixes/>` + object("p/a")),
	} {
		t.Run(what, func(t *testing.T) {
			page, err := listed(t, ListInput{Prefix: "p/"}, body)
			require.NoError(t, err)
			assert.Equal(t, []Object{{Key: "p/a", ETag: "e", Size: 5, LastModified: time.Date(2026, 11, 22, 10, 20, 30, 0, time.UTC)}}, page.Objects)
			assert.Empty(t, page.Token)
		})
	}
	for what, body := range map[string]string{
		"nothing": listOf(""), "its prefix": listOf(`<Prefix>p/</Prefix>`), "no prefix": listOf(`<Prefix/>`),
		"an entry without a key": listOf(`<Contents/><CommonPrefixes/>`),
		"a token at the end":     listOf(`<NextContinuationToken>t</NextContinuationToken>`),
	} {
		t.Run("empty with "+what, func(t *testing.T) {
			page, err := listed(t, ListInput{Prefix: "p/"}, body)
			require.NoError(t, err)
			assert.Empty(t, page.Objects)
			assert.Empty(t, page.Token)
		})
	}
}

// An error that S3 reports late keeps its meaning.
func TestErrorInPlaceOfAList(t *testing.T) {
	_, err := listed(t, ListInput{Prefix: "p/"}, "<Error><Code>SlowDown</Code><Message>Reduce your request rate</Message></Error>")
	require.ErrorIs(t, err, source.ErrUnreachable)
	assert.Contains(t, err.Error(), "SlowDown")
	assert.Contains(t, err.Error(), hintTransient)
}

func TestWhatWasNotAskedForIsLeftOut(t *testing.T) {
	for what, c := range map[string]struct {
		in      ListInput
		entries string
	}{
		"an entry without a key":   {ListInput{Prefix: "p/"}, `<Contents/>`},
		"the same, without prefix": {ListInput{}, `<Contents/>`},
		"a short key":              {ListInput{Prefix: "p/"}, object("p")},
		"another key":              {ListInput{Prefix: "p/"}, object("q/a")},
		"a key that S3 cannot have": {
			ListInput{Prefix: "p/"}, object("p/" + strings.Repeat("k", maxKey)),
		},
		"the key to begin behind":        {ListInput{Prefix: "p/", StartAfter: "p/b"}, object("p/b")},
		"a key before that":              {ListInput{Prefix: "p/", StartAfter: "p/b"}, object("p/a")},
		"the same, on a later page":      {ListInput{Prefix: "p/", StartAfter: "p/b", Token: "t"}, object("p/a")},
		"a folder without a name":        {ListInput{Prefix: "p/", Delimiter: "/"}, `<CommonPrefixes/>`},
		"the folder itself":              {ListInput{Prefix: "p/", Delimiter: "/"}, folder("p/")},
		"a short folder":                 {ListInput{Prefix: "p/", Delimiter: "/"}, folder("x/")},
		"a folder without its delimiter": {ListInput{Prefix: "p/", Delimiter: "/"}, folder("p/x")},
		"a folder in a folder":           {ListInput{Prefix: "p/", Delimiter: "/"}, folder("p/x/y/")},
		"a folder":                       {ListInput{Prefix: "p/"}, folder("p/x/")},
	} {
		t.Run(what, func(t *testing.T) {
			page, err := listed(t, c.in, listOf(c.entries+object("p/ok")+c.entries))
			require.NoError(t, err)
			require.Len(t, page.Objects, 1)
			assert.Equal(t, "p/ok", page.Objects[0].Key)
			assert.Empty(t, page.Prefixes)
			assert.Equal(t, 2, page.Unrequested.Count)
			assert.LessOrEqual(t, len(page.Unrequested.Example), briefLen+len("..."))
		})
	}
}

func TestWhatWasAskedForIsTaken(t *testing.T) {
	page, err := listed(t, ListInput{Prefix: "p/", Delimiter: "/"}, listOf(object("p/")+object("p/a")+folder("p/x/")+folder("p//")))
	require.NoError(t, err)
	assert.Len(t, page.Objects, 2, "the prefix itself can be a key")
	assert.Equal(t, []string{"p/x/", "p//"}, page.Prefixes)
	page, err = listed(t, ListInput{Prefix: "p"}, listOf(object("p")+object("p2026")))
	require.NoError(t, err)
	assert.Len(t, page.Objects, 2)
	assert.Zero(t, page.Unrequested)
}

// A server may echo the encoding and not use it.
func TestKeysAreDecodedUnlessTheyFitOnlyAsTheyAre(t *testing.T) {
	const coded = `<EncodingType>url</EncodingType>`
	for _, c := range []struct{ head, prefix, key, want string }{
		{coded, "p/", "p/a%2Bb", "p/a+b"},
		{coded, "p/", "p%2Fa+b", "p/a b"},
		{coded, "a+b/", "a+b/k", "a+b/k"},
		{coded, "50%25/", "50%25/k", "50%25/k"},
		{coded, "p/", "p/%zz", "p/%zz"},
		{coded, "p/", "p/%ff", "p/%ff"}, // no key: keys are UTF-8
		{"", "p/", "p/a%2Bb", "p/a%2Bb"},
	} {
		page, err := listed(t, ListInput{Prefix: c.prefix, Delimiter: "/"}, listOf(c.head+object(c.key)+folder(c.key+"/")))
		require.NoError(t, err, c)
		require.Len(t, page.Objects, 1, c)
		assert.Equal(t, c.want, page.Objects[0].Key)
		assert.Equal(t, []string{c.want + "/"}, page.Prefixes)
	}
	// What fits decoded is decoded, also when it is not asked for then.
	page, err := listed(t, ListInput{Prefix: "p/", StartAfter: "p/a!"}, listOf(coded+object("p/a%20b")))
	require.NoError(t, err)
	assert.Empty(t, page.Objects)
}

func TestUnreadableSizeAndDateLoseNothing(t *testing.T) {
	entry := func(key, date, size string) string {
		return `<Contents><Key>` + key + `</Key>` + date + size + `</Contents>`
	}
	page, err := listed(t, ListInput{}, listOf(
		entry("a", `<LastModified>yesterday</LastModified>`, `<Size>big</Size>`)+
			entry("b", ``, ``)+
			entry("c", `<LastModified/>`, `<Size>-7</Size>`)+
			entry("d", `<LastModified>2026-11-22T10:20:30+01:00</LastModified>`, `<Size> 7 </Size>`)))
	require.NoError(t, err)
	require.Len(t, page.Objects, 4)
	for _, o := range page.Objects[:3] {
		assert.EqualValues(t, -1, o.Size, o.Key)
		assert.True(t, o.LastModified.IsZero(), o.Key)
	}
	assert.Equal(t, Sample{Count: 3, Example: "a"}, page.Undated)
	assert.EqualValues(t, 7, page.Objects[3].Size)
	assert.True(t, page.Objects[3].LastModified.Equal(time.Date(2026, 11, 22, 9, 20, 30, 0, time.UTC)))
}

// As in "ListObjectsV2" of the S3 API Reference; GLACIER_IR can be read at once.
func TestArchivedObjectsAreKnownByTheList(t *testing.T) {
	entry := func(class, more string) string {
		return `<Contents><Key>` + class + `</Key><LastModified>2026-11-22T10:20:30.000Z</LastModified><StorageClass>` + class + `</StorageClass>` + more + `</Contents>`
	}
	const (
		restoring = `<RestoreStatus><IsRestoreInProgress>true</IsRestoreInProgress></RestoreStatus>`
		restored  = `<RestoreStatus><IsRestoreInProgress>false</IsRestoreInProgress><RestoreExpiryDate>2026-12-22T00:00:00.000Z</RestoreExpiryDate></RestoreStatus>`
	)
	var asked string
	client := answered(t, roundTrip(func(r *http.Request) (*http.Response, error) {
		asked = r.Header.Get("X-Amz-Optional-Object-Attributes")
		return always(http.StatusOK, func() io.Reader {
			return strings.NewReader(listOf(entry("STANDARD", "") + entry("GLACIER", "") + entry("DEEP_ARCHIVE", "") + entry("GLACIER_IR", "") +
				entry("INTELLIGENT_TIERING", "") + entry("GLACIER", restoring) + entry("GLACIER", restored) + entry("DEEP_ARCHIVE", restored)))
		})(r)
	}))
	page, err := client.List(t.Context(), ListInput{Bucket: "logs"})
	require.NoError(t, err)
	archived := []bool{}
	for _, o := range page.Objects {
		archived = append(archived, o.Archived)
	}
	assert.Equal(t, []bool{false, true, true, false, false, true, false, false}, archived)
	assert.Equal(t, "RestoreStatus", asked)
}

func FuzzList(f *testing.F) {
	full := listOf(object("p/a%2Fb") + object("q") + folder("p/x/") + folder("x/") + "<Contents/>")
	for _, body := range []string{
		full, "", "{}", "<html>", full[:len(full)-30], strings.Replace(full, "<Name>", "<EncodingType>url</EncodingType><Name>", 1),
		strings.Replace(full, "false", "true", 1), strings.Replace(full, "<IsTruncated>false", "<NextContinuationToken>t</NextContinuationToken><IsTruncated>true", 1),
		"<Error><Code>InternalError</Code></Error>",
	} {
		f.Add([]byte(body), "p/", "", "/", "")
		f.Add([]byte(body), "", "p/a", "", "t")
	}
	var body []byte
	c := answered(f, always(http.StatusOK, func() io.Reader { return strings.NewReader(string(body)) }))
	f.Fuzz(func(t *testing.T, answer []byte, prefix, startAfter, delimiter, token string) {
		body = answer
		if strings.Contains(strings.ToLower(string(answer)), "error") {
			return // such an answer is asked for again, after a wait
		}
		in := ListInput{Bucket: "b", Prefix: prefix, StartAfter: startAfter, Delimiter: delimiter, Token: token}
		page, err := c.List(t.Context(), in)
		if err != nil {
			require.ErrorIs(t, err, source.ErrUnreachable)
			require.Empty(t, page)
			return
		}
		require.Contains(t, string(answer), "ListBucketResult")
		for _, o := range page.Objects {
			require.True(t, o.Key != "" && strings.HasPrefix(o.Key, prefix) && (startAfter == "" || o.Key > startAfter), o.Key)
			require.GreaterOrEqual(t, o.Size, int64(-1))
		}
		for _, p := range page.Prefixes {
			require.True(t, len(p) > len(prefix) && strings.HasPrefix(p, prefix) && delimiter != "" && strings.HasSuffix(p, delimiter), p)
		}
	})
}
