package s3io

import (
	"crypto/tls"
	"errors"
)

// hintOf returns hint, what to do about err, unless the cause is a certificate: then
// no setting of the receiver helps, whatever the service.
func hintOf(err error, hint string) string {
	var refused *tls.CertificateVerificationError
	if !errors.As(err, &refused) {
		return hint
	}
	return "if the server, or a proxy before it, has a certificate authority of its own, set AWS_CA_BUNDLE to a PEM file of it, " +
		"which then takes the place of the system's; else check the clock of this machine, and the certificate's names and dates"
}
