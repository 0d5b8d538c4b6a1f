package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// bailed is the launcher's exit code when the user has already been shown what went wrong.
const bailed = 32

// Run executes a program and waits for its end.
func (h *host) Run(ctx context.Context, request *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	args := []string{
		"-u", h.launcher,
		"--monitor", request.MonitorAddress,
		"--engine", h.engine,
		"--project", request.Project,
		"--root_directory", request.Info.RootDirectory,
		"--stack", request.Stack,
		"--pwd", request.Pwd,
		"--dry_run", strconv.FormatBool(request.DryRun),
		"--parallel", strconv.Itoa(int(request.Parallel)),
		"--organization", request.Organization,
		request.Info.EntryPoint,
	}
	cmd, err := command(ctx, request.Info, append(args, request.Args...)...)
	if err != nil {
		return nil, err
	}
	configuration, err := configurationEnvironment(request)
	if err != nil {
		return nil, err
	}
	cmd.Env = append(cmd.Environ(), configuration...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr

	code, err := exitCode(cmd.Run())
	switch {
	case err != nil:
		return nil, err
	case code == bailed:
		return &pulumirpc.RunResponse{Bail: true}, nil
	case code != 0:
		return &pulumirpc.RunResponse{Error: fmt.Sprintf("the Python program ended with exit code %d", code)}, nil
	}
	return &pulumirpc.RunResponse{}, nil
}

// configurationEnvironment carries the stack's configuration to the SDK. An absent map sets no variable:
// an empty one would tell the SDK that the stack has no configuration.
func configurationEnvironment(request *pulumirpc.RunRequest) ([]string, error) {
	var environment []string
	add := func(name string, value any) error {
		text, err := json.Marshal(value)
		environment = append(environment, name+"="+string(text))
		return err
	}
	if request.Config != nil {
		if err := add("PULUMI_CONFIG", request.Config); err != nil {
			return nil, err
		}
	}
	if request.ConfigSecretKeys != nil {
		if err := add("PULUMI_CONFIG_SECRET_KEYS", request.ConfigSecretKeys); err != nil {
			return nil, err
		}
	}
	return environment, nil
}
