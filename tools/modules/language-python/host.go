package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"

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

// withStderr adds what a failed process wrote there to the error of its end.
func withStderr(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return fmt.Errorf("%w\n%s", err, exit.Stderr)
	}
	return err
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

// About tells which Python runs the program. The CLI asks at the start of every command, so the interpreter starts
// once and bare; pip, whose version the official host tells too, would take longer than the rest of it.
func (h *host) About(ctx context.Context, request *pulumirpc.AboutRequest) (*pulumirpc.AboutResponse, error) {
	const question = "import sys; print(sys.executable, '%d.%d.%d' % sys.version_info[:3], sep='\\n', end='')"
	cmd, err := command(ctx, request.Info, "-I", "-S", "-c", question)
	if err != nil {
		return nil, err
	}
	answer, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("asking %s for its version: %w", cmd.Path, withStderr(err))
	}
	executable, version, _ := strings.Cut(string(answer), "\n")
	return &pulumirpc.AboutResponse{Executable: executable, Version: version}, nil
}
