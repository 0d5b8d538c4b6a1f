package main

import (
	"flag"
	"net/http"
	"net/http/cgi"
)

// git serves the repositories below a folder over HTTP by git's own backend; everybody may push.
func git() error {
	address := flag.String("address", "127.0.0.1:8000", "host and port to listen on")
	backend := flag.String("backend", "/usr/lib/git-core/git-http-backend", "git's HTTP backend")
	root := flag.String("root", ".", "the folder of the repositories")
	flag.Parse()
	return http.ListenAndServe(*address, &cgi.Handler{
		Path: *backend,
		// Without a user's name the backend refuses a push.
		Env: []string{"GIT_PROJECT_ROOT=" + *root, "GIT_HTTP_EXPORT_ALL=1", "REMOTE_USER=testbed"},
		// Hooks of the repositories find their programs and their proxies there.
		InheritEnv: []string{"PATH", "HOME", "TMPDIR", "PANDA_INFRA_BED", "PANDA_INFRA_BED_PART"},
	})
}
