package accesslog

import (
	"encoding/json"
	"strings"
	"time"
)

// members is a JSON record as encoding/json reads it.
type members struct {
	SchemaVersionID    *string `json:"schema_version_id"`
	BucketARN          *string `json:"bucket_arn"`
	BucketName         *string `json:"bucket_name"`
	RequestTime        *string `json:"request_time"`
	BucketOwnerID      *string `json:"bucket_owner_id"`
	RemoteIP           *string `json:"remote_ip"`
	Requester          *string `json:"requester"`
	RequestID          *string `json:"request_id"`
	Operation          *string `json:"operation"`
	KeyName            *string `json:"key_name"`
	RequestURI         *string `json:"request_uri"`
	HTTPStatus         *int64  `json:"http_status"`
	ErrorCode          *string `json:"error_code"`
	BytesSentSize      *int64  `json:"bytes_sent_size"`
	ObjectSize         *int64  `json:"object_size"`
	TotalDuration      *int64  `json:"total_duration"`
	TurnAroundDuration *int64  `json:"turn_around_duration"`
	Referer            *string `json:"referer"`
	UserAgent          *string `json:"user_agent"`
	VersionID          *string `json:"version_id"`
	HostID             *string `json:"host_id"`
	SignatureVersion   *string `json:"signature_version"`
	CipherSuite        *string `json:"cipher_suite"`
	AuthenticationType *string `json:"authentication_type"`
	HostHeader         *string `json:"host_header"`
	TLSVersion         *string `json:"tls_version"`
	AccessPointARN     *string `json:"access_point_arn"`
	ACLRequired        *bool   `json:"acl_required"`
	SourceRegion       *string `json:"source_region"`
}

// jsonOf writes a record as S3 does.
func jsonOf(r *Record) string {
	text := func(s string) *string {
		if s == "" {
			return nil
		}
		return &s
	}
	number := func(n int64) *int64 {
		if n == Absent {
			return nil
		}
		return &n
	}
	uri := strings.TrimSpace(r.Method + " " + r.Target)
	if r.Version != "" {
		uri += " HTTP/" + r.Version
	}
	m := members{
		SchemaVersionID: text("V_1_0"), BucketARN: text("arn:aws:s3:::" + r.Bucket), BucketName: text(r.Bucket),
		RequestTime:   text(time.Unix(r.Time, int64(r.Millis)*1e6).UTC().Format("2006-01-02T15:04:05.000Z")),
		BucketOwnerID: text(r.Owner), RemoteIP: text(r.RemoteIP), Requester: text(r.Requester), RequestID: text(r.RequestID),
		Operation: text(r.Operation), KeyName: text(r.Key), RequestURI: text(uri), HTTPStatus: number(int64(r.Status)),
		ErrorCode: text(r.ErrorCode), BytesSentSize: number(r.BytesSent), ObjectSize: number(r.ObjectSize),
		TotalDuration: number(r.TotalTime), TurnAroundDuration: number(r.TurnAroundTime), Referer: text(r.Referer),
		UserAgent: text(r.UserAgent), VersionID: text(r.VersionID), HostID: text(r.HostID), SignatureVersion: text(r.SignatureVersion),
		CipherSuite: text(r.CipherSuite), AuthenticationType: text(r.AuthType), HostHeader: text(r.HostHeader),
		TLSVersion: text(r.TLSVersion), AccessPointARN: text(r.AccessPointARN), SourceRegion: text(r.SourceRegion),
	}
	if r.ACLRequired != ACLUnknown {
		needed := r.ACLRequired == ACLNeeded
		m.ACLRequired = &needed
	}
	var out strings.Builder
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(&m); err != nil {
		panic(err)
	}
	return strings.TrimSpace(out.String())
}
