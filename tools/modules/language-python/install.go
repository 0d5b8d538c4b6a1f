package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/pulumi/pulumi/sdk/v3/python/toolchain"
)

// InstallDependencies makes a program's virtualenv, where one is configured, and installs the program's
// requirements.txt into it. An interpreter without a virtualenv belongs to the user and is left as it is.
func (h *host) InstallDependencies(
	request *pulumirpc.InstallDependenciesRequest, stream pulumirpc.LanguageRuntime_InstallDependenciesServer,
) error {
	interpreter, err := python(request.Info)
	if err != nil {
		return err
	}
	virtualenv, err := interpreter.VirtualEnvPath(stream.Context())
	if err != nil {
		return err
	}
	closer, stdout, stderr, err := rpcutil.MakeInstallDependenciesStreams(stream, request.IsTerminal)
	if err != nil {
		return err
	}
	defer closer.Close()

	if virtualenv == "" {
		fmt.Fprintln(stdout, "No virtualenv is configured: the dependencies are taken as they are installed.")
		return nil
	}
	return install(stream.Context(), virtualenv, request.Info.ProgramDirectory, stdout, stderr)
}

func install(ctx context.Context, virtualenv, program string, stdout, stderr io.Writer) error {
	run := func(cmd *exec.Cmd) error {
		cmd.Dir, cmd.Stdout, cmd.Stderr = program, stdout, stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("%s: %w", cmd, err)
		}
		return nil
	}
	if !toolchain.IsVirtualEnv(virtualenv) {
		cmd, err := toolchain.Command(ctx, "-m", "venv", virtualenv)
		if err != nil {
			return err
		}
		if err := run(cmd); err != nil {
			return err
		}
	}
	if _, err := os.Stat(filepath.Join(program, "requirements.txt")); err != nil {
		return nil
	}
	python := filepath.Join(virtualenv, "bin", "python")
	pip := []string{"-m", "pip", "install", "--disable-pip-version-check", "-r", "requirements.txt"}
	return run(exec.CommandContext(ctx, python, pip...))
}
