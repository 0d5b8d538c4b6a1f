package main

import (
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// RunPlugin runs a provider or policy pack written in Python until the engine closes the stream, and
// relays its output: the engine reads the plugin's port from there.
func (h *host) RunPlugin(
	request *pulumirpc.RunPluginRequest, stream pulumirpc.LanguageRuntime_RunPluginServer,
) error {
	// A policy pack is run by the SDK's own module, which takes the folder after the engine's address.
	args := append([]string{"-u", request.Info.ProgramDirectory}, request.Args...)
	if request.Kind == string(apitype.AnalyzerPlugin) {
		args = append([]string{"-u", "-m", "pulumi.policy"}, append(request.Args, request.Info.ProgramDirectory)...)
	}
	cmd, err := command(stream.Context(), request.Info, args...)
	if err != nil {
		return err
	}
	closer, stdout, stderr, err := rpcutil.MakeRunPluginStreams(stream, false)
	if err != nil {
		return err
	}
	defer closer.Close()

	cmd.Dir = request.Pwd
	cmd.Env = append(cmd.Environ(), request.Env...)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	// A grandchild that keeps the pipes open must not keep this call open.
	cmd.WaitDelay = 5 * time.Second

	code, err := exitCode(cmd.Run())
	if err != nil {
		return err
	}
	return stream.Send(&pulumirpc.RunPluginResponse{
		Output: &pulumirpc.RunPluginResponse_Exitcode{Exitcode: int32(code)},
	})
}
