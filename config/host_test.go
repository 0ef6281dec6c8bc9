package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/config"
)

func TestIsLoopback(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{
		"localhost": true, "LocalHost": true, "127.0.0.1": true, "127.255.0.9": true, "::1": true, "[::1]": true, "::ffff:127.0.0.1": true,
		"": false, "0.0.0.0": false, "::": false, "10.0.0.1": false, "128.0.0.1": false, "localhost.example.com": false, "127.1": false, "fe80::1": false,
	} {
		require.Equal(t, want, config.IsLoopback(host), host)
	}
}
