package dag_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestASecretIsAVariable(t *testing.T) {
	t.Parallel()
	require.Empty(t, notices(t, "", `
secrets: [{name: TOKEN, provider: env, key: X}]
steps: [{run: 'echo ${env.TOKEN}', env: [A: $TOKEN]}]`))
	require.Equal(t, []string{"run job.yaml env[0] $TOKEN unknown_env_binding"}, notices(t, "", `
env: [A: $TOKEN]
secrets: [{name: TOKEN, provider: env, key: X}]
steps: [{run: x}]`), "root variables are made before secrets are read")
}
