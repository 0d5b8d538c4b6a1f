package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

//go:embed required_packages.py
var requiredPackages string

// GetRequiredPackages tells which provider plugins the Python packages of a program's interpreter need.
func (h *host) GetRequiredPackages(
	ctx context.Context, request *pulumirpc.GetRequiredPackagesRequest,
) (*pulumirpc.GetRequiredPackagesResponse, error) {
	cmd, err := command(ctx, request.Info, "-I", "-c", requiredPackages)
	if err != nil {
		return nil, err
	}
	output, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("listing the provider packages of %s: %w", cmd.Path, withStderr(err))
	}
	var found []struct{ Name, Version, Server string }
	if err := json.Unmarshal(output, &found); err != nil {
		return nil, fmt.Errorf("listing the provider packages of %s: %w", cmd.Path, err)
	}
	response := &pulumirpc.GetRequiredPackagesResponse{}
	for _, plugin := range found {
		response.Packages = append(response.Packages, &pulumirpc.PackageDependency{
			Kind:    string(apitype.ResourcePlugin),
			Name:    plugin.Name,
			Version: "v" + plugin.Version,
			Server:  plugin.Server,
		})
	}
	return response, nil
}

// GetProgramDependencies lists the Python packages that a program can import.
func (h *host) GetProgramDependencies(
	ctx context.Context, request *pulumirpc.GetProgramDependenciesRequest,
) (*pulumirpc.GetProgramDependenciesResponse, error) {
	interpreter, err := python(request.Info)
	if err != nil {
		return nil, err
	}
	packages, err := interpreter.ListPackages(ctx, request.TransitiveDependencies)
	if err != nil {
		return nil, err
	}
	response := &pulumirpc.GetProgramDependenciesResponse{}
	for _, dependency := range packages {
		response.Dependencies = append(response.Dependencies, &pulumirpc.DependencyInfo{
			Name: dependency.Name, Version: dependency.Version,
		})
	}
	return response, nil
}
