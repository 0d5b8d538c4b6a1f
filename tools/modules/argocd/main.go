// The parts of Argo CD that a cluster runs, and the servers that they need beside them, in one executable: the name
// that it is started by picks the part.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	controller "github.com/argoproj/argo-cd/v2/cmd/argocd-application-controller/commands"
	askpass "github.com/argoproj/argo-cd/v2/cmd/argocd-git-ask-pass/commands"
	reposerver "github.com/argoproj/argo-cd/v2/cmd/argocd-repo-server/commands"
	server "github.com/argoproj/argo-cd/v2/cmd/argocd-server/commands"
)

func main() {
	var run func() error
	switch name := filepath.Base(os.Args[0]); name {
	case "argocd-application-controller":
		run = controller.NewCommand().Execute
	case "argocd-repo-server":
		run = reposerver.NewCommand().Execute
	case "argocd-server":
		run = server.NewCommand().Execute
	case "argocd": // git calls it for a password when the repo server fetches
		run = askpass.NewCommand().Execute
	case "argocd-redis":
		run = redis
	case "argocd-git":
		run = git
	default:
		fmt.Fprintf(os.Stderr, "%s: no part of Argo CD has this name\n", name)
		os.Exit(2)
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
