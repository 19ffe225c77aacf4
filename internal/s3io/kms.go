package s3io

import "strings"

// ofKMS reports whether an answer is an error of KMS: S3 and SQS decrypt with the
// permissions of the caller.
//
//	S3    AccessDenied with the action in its message, KMS.DisabledException, ...
//	SQS   KmsAccessDenied, KMS.AccessDeniedException, KmsDisabled, ...
func ofKMS(a answer) bool {
	code := strings.ToUpper(a.code)
	return strings.HasPrefix(code, "KMS") || strings.Contains(a.message, "kms:Decrypt") ||
		strings.Contains(a.message, "ciphertext refers to a customer master key")
}

// kmsHint returns what to do when the key that encrypts what cannot be used.
func kmsHint(a answer, what string) string {
	for _, state := range []string{"Disabled", "InvalidState", "NotFound", "InvalidKeyUsage", "OptInRequired"} {
		if strings.Contains(a.code, state) {
			return "the KMS key that encrypts " + what + " is disabled, deleted, or of another kind: make it usable again"
		}
	}
	return "allow kms:Decrypt on the KMS key that encrypts " + what + ", also in the policy of that key"
}
