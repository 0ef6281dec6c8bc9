package config

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
)

// IsLoopback says whether host can be reached from this machine alone: it is
// "localhost" in any case, or an address of 127.0.0.0/8 or ::1, with or without
// brackets. Any other name is not, whatever it resolves to.
func IsLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(unbracket(host))
	return err == nil && addr.IsLoopback()
}

// parseHost accepts an IP address or a host name, without scheme and port.
func parseHost(text string, _ base) (any, error) {
	const want = "want an address or a host name, such as 127.0.0.1, 0.0.0.0 or localhost"
	text = strings.TrimSpace(text)
	host := unbracket(text)
	if _, err := netip.ParseAddr(host); err == nil {
		return host, nil
	}
	if strings.Contains(text, "://") {
		return nil, fmt.Errorf("%s, without a scheme", want)
	}
	if strings.Contains(text, ":") {
		return nil, fmt.Errorf("%s; the port has a key of its own", want)
	}
	if len(text) > 253 || !regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9.])?$`).MatchString(text) {
		return nil, errors.New(want)
	}
	return text, nil
}

// unbracket removes the brackets of a URL's IPv6 address.
func unbracket(host string) string {
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		return host[1 : len(host)-1]
	}
	return host
}
