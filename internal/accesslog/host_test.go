package accesslog

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestSplitHost(t *testing.T) {
	const absent = Absent
	tests := []struct {
		host, address string
		port          int64
	}{
		{"", "", absent},
		{"h", "h", absent},
		{"h:443", "h", 443},
		{"h:", "h", absent},
		{"h:0", "h:0", absent},
		{"h:65535", "h", 65535},
		{"h:65536", "h:65536", absent},
		{"h:+1", "h:+1", absent},
		{"h:http", "h:http", absent},
		{"h:1:2", "h:1:2", absent},
		{":443", ":443", absent},
		{":", ":", absent},
		{"2001:db8::1", "2001:db8::1", absent},
		{"[2001:db8::1]", "2001:db8::1", absent},
		{"[2001:db8::1]:80", "2001:db8::1", 80},
		{"[2001:db8::1]80", "[2001:db8::1]80", absent},
		{"[2001:db8::1", "[2001:db8::1", absent},
		{"[]:80", "[]:80", absent},
		{"[:", "[:", absent},
		{"[", "[", absent},
	}
	for _, test := range tests {
		address, port := SplitHost(test.host)
		assert.Equal(t, test.address, address, test.host)
		assert.Equal(t, test.port, port, test.host)
	}
}
