package s3accesslogsreceiver

import "github.com/otelcol-s3audit/otelcol-s3audit/internal/bytesize"

// ByteSize is a number of bytes, written as 1048576 or "1MiB".
type ByteSize = bytesize.Size
