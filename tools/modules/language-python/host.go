package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/pulumi/pulumi/sdk/v3/python/toolchain"
	"google.golang.org/protobuf/types/known/emptypb"
)

// host answers the engine. Methods of the protocol that it lacks (code generation, templates) are
// answered "unimplemented" by the embedded server.
type host struct {
	pulumirpc.UnimplementedLanguageRuntimeServer
	launcher string // path of pulumi-language-python-exec
	engine   string // the engine's own address
}

// python finds the interpreter that a program asks for: the one of its `virtualenv` option, else python3.
func python(info *pulumirpc.ProgramInfo) (toolchain.Toolchain, error) {
	var virtualenv string
	for name, value := range info.GetOptions().AsMap() {
		text, isText := value.(string)
		if name != "virtualenv" || !isText {
			return nil, fmt.Errorf("runtime option %s=%v: this language host knows only virtualenv: <path>", name, value)
		}
		virtualenv = text
	}
	return toolchain.ResolveToolchain(toolchain.PythonOptions{
		Root:       info.GetRootDirectory(),
		ProgramDir: info.GetProgramDirectory(),
		Virtualenv: virtualenv,
		Toolchain:  toolchain.Pip,
	})
}

// command prepares a run of the program's Python, whose virtualenv must exist.
func command(ctx context.Context, info *pulumirpc.ProgramInfo, args ...string) (*exec.Cmd, error) {
	interpreter, err := python(info)
	if err != nil {
		return nil, err
	}
	virtualenv, err := interpreter.VirtualEnvPath(ctx)
	if err != nil {
		return nil, err
	}
	if virtualenv != "" && !toolchain.IsVirtualEnv(virtualenv) {
		return nil, fmt.Errorf("there is no virtualenv at %s: install the program's dependencies first", virtualenv)
	}
	return interpreter.Command(ctx, args...)
}

// exitCode tells how a process ended; err remains only when it could not be run at all.
func exitCode(err error) (int, error) {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	return 0, err
}

func (h *host) Handshake(
	_ context.Context, request *pulumirpc.LanguageHandshakeRequest,
) (*pulumirpc.LanguageHandshakeResponse, error) {
	h.engine = request.EngineAddress
	return &pulumirpc.LanguageHandshakeResponse{}, nil
}

func (h *host) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: version}, nil
}

func (h *host) About(ctx context.Context, request *pulumirpc.AboutRequest) (*pulumirpc.AboutResponse, error) {
	interpreter, err := python(request.Info)
	if err != nil {
		return nil, err
	}
	about, err := interpreter.About(ctx)
	if err != nil {
		return nil, err
	}
	return &pulumirpc.AboutResponse{
		Executable: about.PythonExecutable,
		Version:    about.PythonVersion.String(),
		Metadata:   map[string]string{"pip": about.ToolchainVersion.String()},
	}, nil
}
