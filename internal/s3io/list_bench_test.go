package s3io

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// pageXML is a full page as S3 writes it.
func pageXML() string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
		`<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>logs</Name><Prefix>111122223333/us-east-1/bucket/</Prefix>` +
		`<NextContinuationToken>1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM=</NextContinuationToken><KeyCount>1000</KeyCount>` +
		`<MaxKeys>1000</MaxKeys><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>`)
	for i := range 1000 {
		fmt.Fprintf(&b, `<Contents><Key>111122223333/us-east-1/bucket/2026/11/22/2026-11-22-00-00-00-%016d</Key>`+
			`<LastModified>2026-11-22T00:00:00.000Z</LastModified><ETag>&quot;0123456789abcdef0123456789abcdef&quot;</ETag>`+
			`<ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType>`+
			`<Size>12345</Size><StorageClass>STANDARD</StorageClass></Contents>`, i)
	}
	b.WriteString(`</ListBucketResult>`)
	return b.String()
}

// What a listed object costs between the connection and Page.
//
//	go test -run=- -bench=List ./internal/s3io
func BenchmarkList(b *testing.B) {
	body := pageXML()
	c := answered(b, always(http.StatusOK, func() io.Reader { return strings.NewReader(body) }))
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		page, err := c.List(b.Context(), ListInput{Bucket: "logs", Prefix: "111122223333/us-east-1/bucket/"})
		if err != nil || len(page.Objects) != 1000 {
			b.Fatal(len(page.Objects), err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/object")
}
