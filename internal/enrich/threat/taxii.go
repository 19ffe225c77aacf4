package threat

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	taxiiType = "application/taxii+json;version=2.1"
	// maxPages bounds a collection that never ends.
	maxPages = 10_000
	// wholeEvery is how often a collection is read from its beginning, to find deletions.
	wholeEvery = 24 * time.Hour
)

var errEmptyPage = errors.New("a page of the collection is empty")

// taxiiOrigin reads a collection of a TAXII 2.1 server, after the first time only the
// objects added since. It returns the whole collection as one bundle, which is also the
// copy.
type taxiiOrigin struct {
	TAXII
	client *http.Client
	clock  Clock
	limit  int64
	copied func(ctx context.Context) (io.ReadCloser, error) // the previous bundle
}

func (o taxiiOrigin) open(ctx context.Context, known version) (io.ReadCloser, version, error) {
	objects := &stixObjects{byID: map[text]*stixObject{}}
	now := o.clock.Now()
	if known.AddedAfter != "" && now.Sub(time.Unix(known.Whole, 0)) < wholeEvery {
		if upTo, err := o.loadCopy(ctx, objects); err != nil || upTo != known.AddedAfter {
			known.AddedAfter = "" // without what was read before, all of it is needed
		}
	} else {
		known.AddedAfter = ""
	}
	v := version{AddedAfter: known.AddedAfter, Whole: known.Whole}
	if v.AddedAfter == "" {
		objects.forget()
		v = version{AddedAfter: o.AddedAfter, Whole: now.Unix()}
	}
	before := objects.read
	if err := o.pages(ctx, objects, &v.AddedAfter); err != nil {
		return nil, v, err
	}
	if objects.read == before && known.AddedAfter != "" {
		return nil, v, errUnchanged
	}
	bundle, err := objects.bundle(v.AddedAfter, now.Unix())
	return io.NopCloser(bytes.NewReader(bundle)), v, err
}

// loadCopy reads the previous bundle, and returns its AddedAfter.
func (o taxiiOrigin) loadCopy(ctx context.Context, objects *stixObjects) (upTo string, err error) {
	bundle, err := o.copied(ctx)
	if err != nil {
		return "", err
	}
	defer bundle.Close()
	e, err := objects.decode(bundle, func(int, error) {})
	return e.upTo, err
}

// pages reads one page after the other, and advances addedAfter to the last
// object's.
func (o taxiiOrigin) pages(ctx context.Context, objects *stixObjects, addedAfter *string) error {
	query := url.Values{}
	if *addedAfter != "" {
		query.Set("added_after", *addedAfter)
	}
	left := o.limit
	for i := range maxPages {
		e, last, err := o.page(ctx, query, objects, &left)
		if i == 0 && errors.Is(err, errEmptyPage) {
			return nil // an empty collection may send nothing at all
		}
		if err != nil {
			return err
		}
		if last != "" {
			*addedAfter = last
		}
		switch {
		case !e.more:
			return nil
		case e.next != "" && e.next != query.Get("next"):
			query.Set("next", e.next)
		case e.next == "" && last != "" && last != query.Get("added_after"):
			query = url.Values{"added_after": {last}}
		default:
			return errors.New("the server says that there is more, and not where")
		}
	}
	return fmt.Errorf("more than %d pages", maxPages)
}

// page reads one page. It returns when its last object was added.
func (o taxiiOrigin) page(ctx context.Context, query url.Values, objects *stixObjects, left *int64) (envelope, string, error) {
	collection, own, _ := strings.Cut(o.Collection, "?") // a server may want a key there
	address := strings.TrimSuffix(strings.TrimSuffix(collection, "/"), "/objects") + "/objects/"
	if both := strings.Trim(own+"&"+query.Encode(), "&"); both != "" {
		address += "?" + both
	}
	res, err := get(ctx, o.client, address, http.Header{"Accept": {taxiiType}})
	if err != nil {
		return envelope{}, "", err
	}
	defer res.Body.Close()
	if kind := res.Header.Get("Content-Type"); !strings.Contains(kind, "json") {
		return envelope{}, "", fmt.Errorf("%w: %q is not TAXII", ErrFormat, cut(kind, 80))
	}
	body := &limitedReader{ctx: ctx, r: res.Body, left: *left}
	e, err := objects.decode(body, func(int, error) {})
	*left = body.left
	switch {
	case errors.Is(err, io.EOF):
		err = errEmptyPage
	case body.broken != nil:
		err = fmt.Errorf("%w: %w", errBroken, body.broken)
	case err != nil && !errors.Is(err, ErrTooLarge):
		err = fmt.Errorf("%w: %w", ErrFormat, err)
	case err == nil && e.bare:
		err = fmt.Errorf("%w: an array in place of a TAXII envelope", ErrFormat)
	}
	return e, res.Header.Get("X-TAXII-Date-Added-Last"), err
}

// forget empties the objects.
func (o *stixObjects) forget() {
	clear(o.byID)
	o.read = 0
}

// copiedUpTo is the key of version.AddedAfter in a bundle that is a copy of a
// collection.
const copiedUpTo = "x_added_after"

// bundle writes the objects as STIX, in their order, without those that are
// revoked or expired.
func (o *stixObjects) bundle(upTo string, now int64) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"type":"bundle",%q:%q,"objects":[`, copiedUpTo, upTo)
	encoder := json.NewEncoder(&b)
	maps.DeleteFunc(o.byID, func(_ text, object *stixObject) bool {
		return object.Revoked || object.Type == "indicator" && object.ValidUntil != 0 && int64(object.ValidUntil) <= now
	})
	for i, object := range o.inOrder(func(*stixObject) bool { return true }) {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := encoder.Encode(object); err != nil {
			return nil, err
		}
	}
	b.WriteString("]}")
	return b.Bytes(), nil
}
