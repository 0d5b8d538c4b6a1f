// What CloudNativePG's plugin Barman Cloud does with an archive, by the plugin's own library, which runs Barman's programs.
// The plugin's code around it reads objects of a cluster; here they come as a file, and credentials as variables.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/cloudnative-pg/barman-cloud/pkg/api"
	"github.com/cloudnative-pg/barman-cloud/pkg/archiver"
	"github.com/cloudnative-pg/barman-cloud/pkg/backup"
	"github.com/cloudnative-pg/barman-cloud/pkg/command"
	"github.com/cloudnative-pg/barman-cloud/pkg/restorer"
	"github.com/cloudnative-pg/barman-cloud/pkg/utils"
	"github.com/cloudnative-pg/machinery/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
)

// objects is what the plugin reads of the objects: the ObjectStore, the name of the servers in it, the time of a recovery.
type objects struct {
	Store struct {
		Configuration   api.BarmanObjectStoreConfiguration `json:"configuration"`
		RetentionPolicy string                             `json:"retentionPolicy"`
	} `json:"store"`
	Server string `json:"server"`
	Target target `json:"target"`
}

// target is the recoveryTarget of a Cluster.
type target struct {
	Time string `json:"targetTime"`
}

func (target) GetBackupID() string     { return "" }
func (t target) GetTargetTime() string { return t.Time }
func (target) GetTargetLSN() string    { return "" }
func (target) GetTargetTLI() string    { return "" }

var version = "unknown"

func main() {
	if len(os.Args) == 2 && os.Args[1] == "--version" {
		fmt.Println("barman-cloud", version)
		return
	}
	log.SetLogLevel(log.InfoLevelString)
	flags := log.NewFlags(zap.Options{})
	flags.ConfigureLogging()
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(words []string) error {
	if len(words) < 2 {
		return errors.New("usage: barman-cloud FILE wal-archive WAL | wal-restore WAL PATH | backup NAME | list | restore FOLDER | retention")
	}
	content, err := os.ReadFile(words[0])
	if err != nil {
		return err
	}
	var of objects
	if err := json.Unmarshal(content, &of); err != nil {
		return err
	}
	ctx, rest := log.IntoContext(context.Background(), log.GetLogger()), words[2:]
	place, env := &of.Store.Configuration, os.Environ()
	switch {
	case words[1] == "wal-archive" && len(rest) == 1:
		return archive(ctx, of, rest[0])
	case words[1] == "wal-restore" && len(rest) == 2:
		options, err := command.CloudWalRestoreOptions(ctx, place, of.Server)
		if err != nil {
			return err
		}
		restores, err := restorer.New(ctx, env, spool())
		if err != nil {
			return err
		}
		return restores.Restore(rest[0], rest[1], options)
	case words[1] == "backup" && len(rest) == 1:
		return backup.NewBackupCommand(place).Take(ctx, rest[0], of.Server, env, os.TempDir())
	case words[1] == "list" && len(rest) == 0:
		found, err := command.GetBackupList(ctx, place, of.Server, env)
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(map[string]any{"ids": found.GetBackupIDs(), "first": found.FirstRecoverabilityPoint()})
	case words[1] == "restore" && len(rest) == 1:
		return restore(ctx, of, rest[0])
	case words[1] == "retention" && len(rest) == 0:
		return command.DeleteBackupsByPolicy(ctx, place, of.Server, env, of.Store.RetentionPolicy)
	}
	return fmt.Errorf("%s: not known, or with other arguments", words[1])
}

func archive(ctx context.Context, of objects, wal string) error {
	data, err := os.Getwd()
	if err != nil {
		return err
	}
	archives, err := archiver.New(ctx, os.Environ(), spool(), data, filepath.Join(data, ".check-empty-wal-archive"))
	if err != nil {
		return err
	}
	options, err := archives.BarmanCloudWalArchiveOptions(ctx, &of.Store.Configuration, of.Server)
	if err != nil {
		return err
	}
	return archives.ArchiveList(ctx, []string{wal}, options)[0].Err
}

// restore fetches the last base backup before the time. This is the only step for which the library has no function.
func restore(ctx context.Context, of objects, folder string) error {
	place := &of.Store.Configuration
	known, err := command.GetBackupList(ctx, place, of.Server, os.Environ())
	if err != nil {
		return err
	}
	found, err := known.FindBackupInfo(of.Target)
	if err != nil {
		return err
	}
	if found == nil {
		return errors.New("no target backup found")
	}
	options, err := command.AppendCloudProviderOptionsFromConfiguration(ctx, nil, place)
	if err != nil {
		return err
	}
	options = append(options, "--endpoint-url", place.EndpointURL)
	options = append(options, place.DestinationPath, of.Server, found.ID, folder)
	process := exec.Command(utils.BarmanCloudRestore, options...)
	process.Stdout, process.Stderr = os.Stdout, os.Stderr
	return process.Run()
}

func spool() string {
	return filepath.Join(os.TempDir(), "spool")
}
