package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"dagu/modules/dag"
	"dagu/modules/dag/value"
	"dagu/modules/runner/guard"
)

// schemaTimeout bounds how long a schema of parameters may take to come.
const schemaTimeout = 10 * time.Second

// bindParams gives the parameters of the run their values.
func (x *run) bindParams(ctx context.Context) (value.Params, error) {
	schema := x.dag.ParamSchema
	if from := x.dag.ParamSchemaFrom; from != "" {
		text, err := x.fetchSchema(ctx, from)
		if err == nil {
			schema, err = dag.ParseSchema(from, text)
		}
		if err != nil {
			return value.Params{}, fmt.Errorf("params: schema %s: %w", from, err)
		}
	}
	if schema != nil || x.dag.ParamSchemaFrom != "" {
		return dag.BindSchema(schema, x.dag.ParamValues, x.rec.Params)
	}
	return dag.BindParams(x.dag.Params, x.rec.Params, func(expr string, earlier value.Params) (string, error) {
		s := x.root.inner()
		s.bind(earlier)
		t := task{scope: s, shell: x.fallbackShell(), dirs: []directory{{x.rootDir, rootPerm}}}
		return s.withHost(x.runner.host).Eval(expr, x.evaluator(ctx, t))
	})
}

// fetchSchema reads a schema of parameters, from a server or from a file.
func (x *run) fetchSchema(ctx context.Context, from string) ([]byte, error) {
	if strings.HasPrefix(from, "http://") || strings.HasPrefix(from, "https://") {
		return fetch(ctx, from)
	}
	path := x.root.place(from, filepath.Dir(x.dag.Source.File))
	return guard.Do(ctx, x.runner.guard, func(touch *guard.Touch) ([]byte, error) {
		if err := touch.At("schema " + path); err != nil {
			return nil, err
		}
		return dag.ReadFile(path)
	}, nil)
}

// fetch gets a text of at most dag.MaxFileSize bytes.
func fetch(ctx context.Context, url string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, schemaTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	request.Close = true // nothing else will be asked of the server
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the server answers %s", response.Status)
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, dag.MaxFileSize+1))
	if err == nil && len(text) > dag.MaxFileSize {
		err = dag.ErrTooLarge
	}
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("it does not come within %s", schemaTimeout)
	}
	return text, err
}
