package accesslog

// CipherName returns the IANA name of an OpenSSL cipher suite name, or the
// name as it is when it is not known. The suites of TLS 1.3 have the same name
// in both. "" gives "".
//
// The names are those of every suite with RSA, ECDSA or DSA authentication and
// encryption that OpenSSL 1.0 to 3.0 knows for TLS 1.0 to 1.2, which S3's
// security policies, past ones included, are a part of.
// Sources: openssl-ciphers(1), "openssl ciphers -stdname"; the IANA registry
// "TLS Cipher Suites".
//
//nolint:funlen // a table; the compiler's binary search is faster than a map
func CipherName(openssl string) string {
	switch openssl {
	// Elliptic curve Diffie-Hellman, ECDSA certificate.
	case "ECDHE-ECDSA-AES128-GCM-SHA256":
		return "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
	case "ECDHE-ECDSA-AES128-SHA":
		return "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"
	case "ECDHE-ECDSA-AES128-SHA256":
		return "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"
	case "ECDHE-ECDSA-AES256-GCM-SHA384":
		return "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"
	case "ECDHE-ECDSA-AES256-SHA":
		return "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"
	case "ECDHE-ECDSA-AES256-SHA384":
		return "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384"
	case "ECDHE-ECDSA-CHACHA20-POLY1305":
		return "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"
	case "ECDHE-ECDSA-DES-CBC3-SHA":
		return "TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA"
	case "ECDHE-ECDSA-RC4-SHA":
		return "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA"
	// Elliptic curve Diffie-Hellman, RSA certificate: what clients negotiate today.
	case "ECDHE-RSA-AES128-GCM-SHA256":
		return "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
	case "ECDHE-RSA-AES128-SHA":
		return "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"
	case "ECDHE-RSA-AES128-SHA256":
		return "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256"
	case "ECDHE-RSA-AES256-GCM-SHA384":
		return "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"
	case "ECDHE-RSA-AES256-SHA":
		return "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"
	case "ECDHE-RSA-AES256-SHA384":
		return "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384"
	case "ECDHE-RSA-CHACHA20-POLY1305":
		return "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"
	case "ECDHE-RSA-DES-CBC3-SHA":
		return "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA"
	case "ECDHE-RSA-RC4-SHA":
		return "TLS_ECDHE_RSA_WITH_RC4_128_SHA"
	// Diffie-Hellman, RSA certificate.
	case "DHE-RSA-AES128-GCM-SHA256":
		return "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"
	case "DHE-RSA-AES128-SHA":
		return "TLS_DHE_RSA_WITH_AES_128_CBC_SHA"
	case "DHE-RSA-AES128-SHA256":
		return "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256"
	case "DHE-RSA-AES256-GCM-SHA384":
		return "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384"
	case "DHE-RSA-AES256-SHA":
		return "TLS_DHE_RSA_WITH_AES_256_CBC_SHA"
	case "DHE-RSA-AES256-SHA256":
		return "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256"
	case "DHE-RSA-CAMELLIA128-SHA":
		return "TLS_DHE_RSA_WITH_CAMELLIA_128_CBC_SHA"
	case "DHE-RSA-CAMELLIA256-SHA":
		return "TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA"
	case "DHE-RSA-CHACHA20-POLY1305":
		return "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256"
	case "DHE-RSA-DES-CBC3-SHA":
		return "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA"
	case "DHE-RSA-SEED-SHA":
		return "TLS_DHE_RSA_WITH_SEED_CBC_SHA"
	// Diffie-Hellman, RSA certificate, under the name of OpenSSL before 1.1.
	case "EDH-RSA-DES-CBC-SHA":
		return "TLS_DHE_RSA_WITH_DES_CBC_SHA"
	case "EDH-RSA-DES-CBC3-SHA":
		return "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA"
	// Diffie-Hellman, DSA certificate.
	case "DHE-DSS-AES128-GCM-SHA256":
		return "TLS_DHE_DSS_WITH_AES_128_GCM_SHA256"
	case "DHE-DSS-AES128-SHA":
		return "TLS_DHE_DSS_WITH_AES_128_CBC_SHA"
	case "DHE-DSS-AES128-SHA256":
		return "TLS_DHE_DSS_WITH_AES_128_CBC_SHA256"
	case "DHE-DSS-AES256-GCM-SHA384":
		return "TLS_DHE_DSS_WITH_AES_256_GCM_SHA384"
	case "DHE-DSS-AES256-SHA":
		return "TLS_DHE_DSS_WITH_AES_256_CBC_SHA"
	case "DHE-DSS-AES256-SHA256":
		return "TLS_DHE_DSS_WITH_AES_256_CBC_SHA256"
	case "DHE-DSS-CAMELLIA128-SHA":
		return "TLS_DHE_DSS_WITH_CAMELLIA_128_CBC_SHA"
	case "DHE-DSS-CAMELLIA256-SHA":
		return "TLS_DHE_DSS_WITH_CAMELLIA_256_CBC_SHA"
	case "DHE-DSS-DES-CBC3-SHA":
		return "TLS_DHE_DSS_WITH_3DES_EDE_CBC_SHA"
	case "DHE-DSS-SEED-SHA":
		return "TLS_DHE_DSS_WITH_SEED_CBC_SHA"
	// Diffie-Hellman, DSA certificate, under the name of OpenSSL before 1.1.
	case "EDH-DSS-DES-CBC-SHA":
		return "TLS_DHE_DSS_WITH_DES_CBC_SHA"
	case "EDH-DSS-DES-CBC3-SHA":
		return "TLS_DHE_DSS_WITH_3DES_EDE_CBC_SHA"
	// RSA key exchange.
	case "AES128-GCM-SHA256":
		return "TLS_RSA_WITH_AES_128_GCM_SHA256"
	case "AES128-SHA":
		return "TLS_RSA_WITH_AES_128_CBC_SHA"
	case "AES128-SHA256":
		return "TLS_RSA_WITH_AES_128_CBC_SHA256"
	case "AES256-GCM-SHA384":
		return "TLS_RSA_WITH_AES_256_GCM_SHA384"
	case "AES256-SHA":
		return "TLS_RSA_WITH_AES_256_CBC_SHA"
	case "AES256-SHA256":
		return "TLS_RSA_WITH_AES_256_CBC_SHA256"
	case "CAMELLIA128-SHA":
		return "TLS_RSA_WITH_CAMELLIA_128_CBC_SHA"
	case "CAMELLIA256-SHA":
		return "TLS_RSA_WITH_CAMELLIA_256_CBC_SHA"
	case "DES-CBC-SHA":
		return "TLS_RSA_WITH_DES_CBC_SHA"
	case "DES-CBC3-SHA":
		return "TLS_RSA_WITH_3DES_EDE_CBC_SHA"
	case "IDEA-CBC-SHA":
		return "TLS_RSA_WITH_IDEA_CBC_SHA"
	case "RC4-MD5":
		return "TLS_RSA_WITH_RC4_128_MD5"
	case "RC4-SHA":
		return "TLS_RSA_WITH_RC4_128_SHA"
	case "SEED-SHA":
		return "TLS_RSA_WITH_SEED_CBC_SHA"
	}
	return openssl
}
