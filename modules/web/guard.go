package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"runtime/debug"

	"go.uber.org/zap"
)

// contentPolicy lets the page use nothing but its own style sheet and forms.
const contentPolicy = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// secure sets the headers that every answer has.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// recover turns a panic into an error of this request alone.
func (a *api) recover(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			cause := recover()
			if cause == nil {
				return
			}
			a.deps.Log.Error("answering a request failed", zap.String("path", r.URL.Path),
				zap.Any("cause", cause), zap.ByteString("stack", debug.Stack()))
			fail(w, http.StatusInternalServerError, "internal", "the request failed; the log says why")
		}()
		next.ServeHTTP(w, r)
	})
}

// ownHost serves a loopback address under the names of loopback only.
func ownHost(host string) func(http.Handler) http.Handler {
	if !isLoopback(host) {
		return func(next http.Handler) http.Handler { return next }
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			name, _, err := net.SplitHostPort(r.Host)
			if err != nil {
				name = r.Host
			}
			if !isLoopback(name) {
				fail(w, http.StatusMisdirectedRequest, "wrong_host", "this server answers for localhost, 127.0.0.1 and [::1]")
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// login asks for the user of ModeBasic.
func login(o Options) func(http.Handler) http.Handler {
	if o.Mode != ModeBasic {
		return func(next http.Handler) http.Handler { return next }
	}
	name, password := sha256.Sum256([]byte(o.Username)), sha256.Sum256([]byte(o.Password))
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n, p, _ := r.BasicAuth()
			gotName, gotPassword := sha256.Sum256([]byte(n)), sha256.Sum256([]byte(p))
			// Hashes are of one length, and both are compared whatever the first says.
			if subtle.ConstantTimeCompare(name[:], gotName[:])&subtle.ConstantTimeCompare(password[:], gotPassword[:]) != 1 {
				w.Header().Set("WWW-Authenticate", `Basic realm="dagu", charset="UTF-8"`)
				fail(w, http.StatusUnauthorized, "unauthorized", "name and password are needed")
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// sameOrigin refuses changes that a page of another origin asks for.
func sameOrigin(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fail(w, http.StatusForbidden, "cross_origin", "pages of other origins can change nothing here")
	}))
	return protection.Handler(next)
}

// bounded bounds the body of a request.
func bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBodyBytes)
		next.ServeHTTP(w, r)
	})
}
