package scaling

import (
	"fmt"
	"strings"
)

// Fill returns a page with the tables in their places, which are marked by
//
//	<!-- table: NAME -->
//	<!-- end -->
//
// What stands between is replaced. A name that is no table is an error, and so
// is a place without an end.
func Fill(page string) (string, error) {
	tables := Tables()
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(page, "<!-- table: ")
		out.WriteString(before)
		if !found {
			return out.String(), nil
		}
		name, rest, _ := strings.Cut(rest, " -->\n")
		text, known := tables[name]
		_, after, ended := strings.Cut(rest, "<!-- end -->")
		if !known || !ended {
			return "", fmt.Errorf("table %q: no such table, or no end", name)
		}
		fmt.Fprintf(&out, "<!-- table: %s -->\n%s<!-- end -->", name, text)
		page = after
	}
}
